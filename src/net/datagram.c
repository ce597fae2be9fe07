/* SPDX-License-Identifier: MIT */
#include "net/datagram.h"

#include <stdlib.h>
#include <string.h>
#include "net/uv.h"

struct net_datagram {
	uv_udp_t udp; /* its data is the datagram */
	void (*received)(void *context, const struct sockaddr_in *from, const uint8_t *data,
	                 size_t bytes);
	void *context;
	uint8_t space[NET_DATAGRAM_MAX_BYTES];
};

static void on_closed(uv_handle_t *handle)
{
	free(handle->data);
}

static void on_space(uv_handle_t *handle, size_t suggested, uv_buf_t *buffer)
{
	struct net_datagram *d = handle->data;

	(void)suggested;
	*buffer = uv_buf_init((char *)d->space, sizeof d->space);
}

static void on_received(uv_udp_t *udp, ssize_t bytes, const uv_buf_t *buffer,
                        const struct sockaddr *from, unsigned flags)
{
	struct net_datagram *d = udp->data;

	(void)buffer;
	(void)flags;
	if (bytes > 0 && from != NULL && from->sa_family == AF_INET)
		d->received(d->context, (const struct sockaddr_in *)(const void *)from, d->space,
		            (size_t)bytes);
}

struct net_datagram *net_datagram_new(struct net_loop *loop,
                                      void (*received)(void *context,
                                                       const struct sockaddr_in *from,
                                                       const uint8_t *data, size_t bytes),
                                      void *context)
{
	const struct sockaddr_in any = { .sin_family = AF_INET };
	struct net_datagram *d = calloc(1, sizeof *d);

	if (d == NULL || uv_udp_init(loop->uv, &d->udp) != 0) {
		free(d);
		return NULL;
	}
	d->udp.data = d;
	d->received = received;
	d->context = context;
	if (uv_udp_bind(&d->udp, (const struct sockaddr *)&any, 0) != 0 ||
	    uv_udp_set_broadcast(&d->udp, 1) != 0 ||
	    uv_udp_recv_start(&d->udp, on_space, on_received) != 0) {
		net_datagram_close(d);
		return NULL;
	}
	return d;
}

void net_datagram_send(struct net_datagram *d, const struct sockaddr_in *to, const void *data,
                       size_t bytes)
{
	uv_buf_t buffer = uv_buf_init((char *)(uintptr_t)data, (unsigned)bytes);

	(void)uv_udp_try_send(&d->udp, &buffer, 1, (const struct sockaddr *)to);
}

void net_datagram_close(struct net_datagram *d)
{
	if (d != NULL)
		uv_close((uv_handle_t *)&d->udp, on_closed);
}

void net_broadcast_addresses(uint16_t port, struct net_addresses *to)
{
	uv_interface_address_t *interfaces;
	int count;

	memset(to, 0, sizeof *to);
	if (uv_interface_addresses(&interfaces, &count) != 0)
		return;
	for (int i = 0; i < count && to->count < NET_MAX_ADDRESSES; i++) {
		const uv_interface_address_t *one = &interfaces[i];
		struct sockaddr_in *address;

		if (one->is_internal || one->address.address4.sin_family != AF_INET)
			continue;
		address = (struct sockaddr_in *)&to->list[to->count++];
		address->sin_family = AF_INET;
		address->sin_port = htons(port);
		address->sin_addr.s_addr = one->address.address4.sin_addr.s_addr |
		                           ~one->netmask.netmask4.sin_addr.s_addr;
	}
	uv_free_interface_addresses(interfaces, count);
}
