"""`make soak`: netsessiond, and netsession-samba beside a real smbd, under a mixed load while everything around them fails.

    load.py          clients and publishers, and which sessions they hold
    disturbances.py  what fails: each is done again and again, in a random order
    figures.py       memory, descriptors, threads and counters at quiet moments
    run.py           the command line behind `make soak`

From time to time all load pauses. Then what each daemon lists has to be exactly what clients and publishers hold.
"""
