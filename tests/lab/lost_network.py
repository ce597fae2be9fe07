"""A network without a way out and without an answer: what is sent to 192.0.2.0/24 is lost, also to its name server."""

# For the shell in a network and mount namespace of its own: $1 is a folder to write to, the rest the command to run.
LOST = """
ip link set lo up
ip route add 192.0.2.0/24 dev lo
echo "nameserver 192.0.2.53" > "$1/resolv.conf"
mount --bind "$1/resolv.conf" /etc/resolv.conf
shift
exec "$@"
"""
