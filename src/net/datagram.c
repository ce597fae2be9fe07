/* SPDX-License-Identifier: MIT */
#include "net/datagram.h"

#include <stdbool.h>
#include <stdlib.h>
#include "net/uv.h"

#define STEP "datagram"

struct net_datagram {
	uv_udp_t udp;
	void (*received)(void *context, const struct sockaddr_in *from, const uint8_t *data,
	                 size_t bytes);
	void *context;
	char data[NET_DATAGRAM_MAX_BYTES];
};

static void datagram_on_alloc(uv_handle_t *handle, size_t suggested, uv_buf_t *buffer)
{
	struct net_datagram *datagram = handle->data;

	(void)suggested;
	*buffer = uv_buf_init(datagram->data, NET_DATAGRAM_MAX_BYTES);
}

/* A datagram with an error is ignored, and the socket stays open. */
static void datagram_on_received(uv_udp_t *udp, ssize_t bytes, const uv_buf_t *buffer,
                                 const struct sockaddr *from, unsigned flags)
{
	struct net_datagram *datagram = udp->data;

	if (bytes < 0 || from == NULL || from->sa_family != AF_INET ||
	    (flags & UV_UDP_PARTIAL) != 0)
		return;
	datagram->received(datagram->context, (const struct sockaddr_in *)from,
	                   (const uint8_t *)buffer->base, (size_t)bytes);
}

static void datagram_on_closed(uv_handle_t *handle)
{
	free(handle->data);
}

NET_API_STATUS net_datagram_open(struct net_loop *loop,
                                 void (*received)(void *context, const struct sockaddr_in *from,
                                                  const uint8_t *data, size_t bytes),
                                 void *context, struct net_datagram **out, struct err *err)
{
	const struct sockaddr_in any = { .sin_family = AF_INET };
	struct net_datagram *datagram = malloc(sizeof *datagram);
	int error;

	*out = NULL;
	if (datagram == NULL)
		return err_set(err, ERROR_NOT_ENOUGH_MEMORY, STEP, NULL);
	datagram->received = received;
	datagram->context = context;
	uv_udp_init(loop->uv, &datagram->udp);
	datagram->udp.data = datagram;
	error = uv_udp_bind(&datagram->udp, (const struct sockaddr *)&any, 0);
	if (error == 0)
		error = uv_udp_set_broadcast(&datagram->udp, 1);
	if (error == 0)
		error = uv_udp_recv_start(&datagram->udp, datagram_on_alloc, datagram_on_received);
	if (error != 0) {
		net_datagram_close(datagram);
		net_uv_error(err, error, STEP);
		return err->status;
	}
	*out = datagram;
	return NERR_Success;
}

NET_API_STATUS net_datagram_send(struct net_datagram *datagram, const struct sockaddr_in *to,
                                 const void *data, size_t bytes, struct err *err)
{
	uv_buf_t buffer = uv_buf_init((char *)data, (unsigned)bytes);
	int sent = uv_udp_try_send(&datagram->udp, &buffer, 1, (const struct sockaddr *)to);

	if (sent >= 0 || sent == UV_EAGAIN)
		return NERR_Success;
	net_uv_error(err, sent, STEP);
	return err->status;
}

void net_datagram_close(struct net_datagram *datagram)
{
	if (datagram != NULL)
		uv_close((uv_handle_t *)&datagram->udp, datagram_on_closed);
}

static bool datagram_list_has(const struct sockaddr_in *list, unsigned count, in_addr_t address)
{
	for (unsigned i = 0; i < count; i++)
		if (list[i].sin_addr.s_addr == address)
			return true;
	return false;
}

unsigned net_broadcasts(struct sockaddr_in list[NET_MAX_BROADCASTS], uint16_t port)
{
	uv_interface_address_t *interfaces;
	unsigned count = 0;
	int found;

	if (uv_interface_addresses(&interfaces, &found) != 0)
		return 0;
	for (int i = 0; i < found && count < NET_MAX_BROADCASTS; i++) {
		const struct sockaddr_in *address = &interfaces[i].address.address4;
		in_addr_t hosts = ~interfaces[i].netmask.netmask4.sin_addr.s_addr;
		in_addr_t broadcast = address->sin_addr.s_addr | hosts;

		/* A network with one bit for hosts, or none, has no broadcast address: RFC 3021. */
		if (interfaces[i].is_internal || address->sin_family != AF_INET ||
		    ntohl(hosts) <= 1 || datagram_list_has(list, count, broadcast))
			continue;
		list[count++] = (struct sockaddr_in){ .sin_family = AF_INET,
			                              .sin_port = htons(port),
			                              .sin_addr.s_addr = broadcast };
	}
	uv_free_interface_addresses(interfaces, found);
	return count;
}
