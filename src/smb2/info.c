/* SPDX-License-Identifier: MIT */
#include "smb2/info.h"

#include "smb2/status.h"

#define RESPONSE_BODY_BYTES 8
#define OUTPUT_COUNT_AT     4 /* in the body of a response */

void smb2_query_info_request_decode(struct wire_reader *message,
                                    struct smb2_query_info_request *request)
{
	wire_skip(message, SMB2_HEADER_BYTES);
	smb2_structure_size(message, 41);
	request->type = wire_get_u8(message);
	request->class = wire_get_u8(message);
	request->max_output_bytes = wire_get_u32(message);
	wire_skip(message, 2 + 2 + 4); /* the input, which 3.3.5.20 ignores */
	wire_skip(message, 4 + 4);     /* AdditionalInformation, Flags */
	smb2_file_id_get(message, &request->id);
}

size_t smb2_query_info_response_begin(struct wire_writer *w)
{
	wire_put_u16le(w, 9); /* StructureSize */
	wire_put_u16le(w, SMB2_HEADER_BYTES + RESPONSE_BODY_BYTES);
	wire_put_u32le(w, 0); /* OutputBufferLength */
	return w->len;
}

void smb2_query_info_response_end(struct wire_writer *w, size_t output_at)
{
	wire_set_u32le(w, output_at - RESPONSE_BODY_BYTES + OUTPUT_COUNT_AT,
	               (uint32_t)(w->len - output_at));
}

void smb2_set_info_request_decode(struct wire_reader *message,
                                  struct smb2_set_info_request *request)
{
	uint32_t bytes;
	uint16_t offset;

	wire_skip(message, SMB2_HEADER_BYTES);
	smb2_structure_size(message, 33);
	request->type = wire_get_u8(message);
	request->class = wire_get_u8(message);
	bytes = wire_get_u32(message);
	offset = wire_get_u16(message);
	wire_skip(message, 2 + 4); /* Reserved, AdditionalInformation */
	smb2_file_id_get(message, &request->id);
	smb2_data_get(message, offset, bytes, &request->input);
}

void smb2_set_info_response_encode(struct wire_writer *w)
{
	wire_put_u16le(w, 2); /* StructureSize */
}

#define FILE_PIPE_INFORMATION 23

#define PIPE_MESSAGE_TYPE   1
#define PIPE_FULL_DUPLEX    2
#define UNLIMITED           0xFFFFFFFFu
#define PIPE_CLIENT_END     0
#define FILE_BYTE_ALIGNMENT 0

/* A pipe has no times; 0 means none, 2.1.1. */
static void smb2_pipe_put_times(struct wire_writer *w)
{
	wire_put_zeros(w, 4 * 8); /* CreationTime, LastAccessTime, LastWriteTime, ChangeTime */
}

static void smb2_pipe_put_sizes(struct wire_writer *w, const struct smb2_pipe_facts *facts)
{
	wire_put_u64le(w, SMB2_PIPE_ALLOCATION_BYTES);
	wire_put_u64le(w, facts->readable_bytes); /* EndOfFile */
}

static void smb2_pipe_put_attributes(struct wire_writer *w, const struct smb2_pipe_facts *facts)
{
	(void)facts;
	wire_put_u32le(w, FILE_ATTRIBUTE_NORMAL);
	wire_put_u32le(w, 0); /* Reserved, or 2.4.6 ReparseTag */
}

static void smb2_pipe_put_basic(struct wire_writer *w, const struct smb2_pipe_facts *facts)
{
	smb2_pipe_put_times(w);
	smb2_pipe_put_attributes(w, facts);
}

static void smb2_pipe_put_standard(struct wire_writer *w, const struct smb2_pipe_facts *facts)
{
	smb2_pipe_put_sizes(w, facts);
	wire_put_u32le(w, 1);     /* NumberOfLinks */
	wire_put_u8(w, 1);        /* DeletePending: a pipe ends with its last handle */
	wire_put_zeros(w, 1 + 2); /* Directory, Reserved */
}

static void smb2_pipe_put_internal(struct wire_writer *w, const struct smb2_pipe_facts *facts)
{
	wire_put_u64le(w, facts->index);
}

static void smb2_pipe_put_ea(struct wire_writer *w, const struct smb2_pipe_facts *facts)
{
	(void)facts;
	wire_put_u32le(w, 0); /* EaSize */
}

static void smb2_pipe_put_access(struct wire_writer *w, const struct smb2_pipe_facts *facts)
{
	wire_put_u32le(w, facts->access);
}

static void smb2_pipe_put_position(struct wire_writer *w, const struct smb2_pipe_facts *facts)
{
	(void)facts;
	wire_put_u64le(w, 0); /* CurrentByteOffset, 3.3.5.20.1 */
}

static void smb2_pipe_put_mode(struct wire_writer *w, const struct smb2_pipe_facts *facts)
{
	(void)facts;
	wire_put_u32le(w, 0);
}

static void smb2_pipe_put_alignment(struct wire_writer *w, const struct smb2_pipe_facts *facts)
{
	(void)facts;
	wire_put_u32le(w, FILE_BYTE_ALIGNMENT);
}

static void smb2_pipe_put_all(struct wire_writer *w, const struct smb2_pipe_facts *facts)
{
	smb2_pipe_put_basic(w, facts);
	smb2_pipe_put_standard(w, facts);
	smb2_pipe_put_internal(w, facts);
	smb2_pipe_put_ea(w, facts);
	smb2_pipe_put_access(w, facts);
	smb2_pipe_put_position(w, facts);
	smb2_pipe_put_mode(w, facts);
	smb2_pipe_put_alignment(w, facts);
	wire_put_u32le(w, 0); /* FileNameLength: the name is empty, [MS-SMB2] 3.3.5.20.1 */
}

static void smb2_pipe_put_pipe(struct wire_writer *w, const struct smb2_pipe_facts *facts)
{
	wire_put_u32le(w, facts->mode.reads_messages);
	wire_put_u32le(w, facts->mode.is_non_blocking);
}

static void smb2_pipe_put_pipe_local(struct wire_writer *w, const struct smb2_pipe_facts *facts)
{
	wire_put_u32le(w, PIPE_MESSAGE_TYPE);
	wire_put_u32le(w, PIPE_FULL_DUPLEX);
	wire_put_u32le(w, UNLIMITED); /* MaximumInstances */
	wire_put_u32le(w, facts->instances);
	wire_put_u32le(w, facts->quota_bytes); /* InboundQuota */
	wire_put_u32le(w, facts->readable_bytes);
	wire_put_u32le(w, facts->quota_bytes); /* OutboundQuota */
	wire_put_u32le(
		w, facts->quota_bytes); /* WriteQuotaAvailable: input does not stay in the pipe */
	wire_put_u32le(w, (uint32_t)facts->state);
	wire_put_u32le(w, PIPE_CLIENT_END);
}

static void smb2_pipe_put_network_open(struct wire_writer *w, const struct smb2_pipe_facts *facts)
{
	smb2_pipe_put_times(w);
	smb2_pipe_put_sizes(w, facts);
	smb2_pipe_put_attributes(w, facts);
}

/* The classes that [MS-SMB2] 2.2.37 lists. No pipe has the classes without an encoder. */
static const struct {
	uint8_t class;
	uint8_t bytes;
	void (*encode)(struct wire_writer *w, const struct smb2_pipe_facts *facts);
} classes[] = {
	{ 4, 40, smb2_pipe_put_basic },     /* FileBasicInformation, [MS-FSCC] 2.4.7 */
	{ 5, 24, smb2_pipe_put_standard },  /* FileStandardInformation, 2.4.47 */
	{ 6, 8, smb2_pipe_put_internal },   /* FileInternalInformation, 2.4.27 */
	{ 7, 4, smb2_pipe_put_ea },         /* FileEaInformation, 2.4.13 */
	{ 8, 4, smb2_pipe_put_access },     /* FileAccessInformation, 2.4.1 */
	{ 14, 8, smb2_pipe_put_position },  /* FilePositionInformation, 2.4.40 */
	{ 15, 0, NULL },                    /* FileFullEaInformation */
	{ 16, 4, smb2_pipe_put_mode },      /* FileModeInformation, 2.4.31 */
	{ 17, 4, smb2_pipe_put_alignment }, /* FileAlignmentInformation, 2.4.3 */
	{ 18, 100, smb2_pipe_put_all },     /* FileAllInformation, 2.4.2 */
	{ 21, 0, NULL },                    /* FileAlternateNameInformation */
	{ 22, 0, NULL },                    /* FileStreamInformation */
	{ FILE_PIPE_INFORMATION, 8, smb2_pipe_put_pipe }, /* 2.4.37 */
	{ 24, 40, smb2_pipe_put_pipe_local },             /* FilePipeLocalInformation, 2.4.38 */
	{ 25, 0, NULL },                                  /* FilePipeRemoteInformation */
	{ 28, 0, NULL },                                  /* FileCompressionInformation */
	{ 34, 56, smb2_pipe_put_network_open },           /* FileNetworkOpenInformation, 2.4.34 */
	{ 35, 8, smb2_pipe_put_attributes },              /* FileAttributeTagInformation, 2.4.6 */
	{ 48, 0, NULL },                                  /* FileNormalizedNameInformation */
	{ 59, 0, NULL },                                  /* FileIdInformation */
};

uint32_t smb2_pipe_info_encode(struct wire_writer *w, uint8_t class, uint32_t max_bytes,
                               const struct smb2_pipe_facts *facts)
{
	for (size_t i = 0; i < sizeof classes / sizeof *classes; i++) {
		if (classes[i].class != class)
			continue;
		if (classes[i].encode == NULL)
			return STATUS_NOT_SUPPORTED;
		if (max_bytes < classes[i].bytes)
			return STATUS_INFO_LENGTH_MISMATCH;
		classes[i].encode(w, facts);
		return STATUS_SUCCESS;
	}
	return STATUS_INVALID_INFO_CLASS;
}

uint32_t smb2_pipe_mode_decode(uint8_t class, const struct smb2_data *input,
                               struct smb2_pipe_mode *mode)
{
	struct wire_reader r;
	uint32_t read_mode, completion_mode;

	if (class != FILE_PIPE_INFORMATION)
		return STATUS_NOT_SUPPORTED;
	wire_reader_init(&r, input->data, input->bytes);
	read_mode = wire_get_u32(&r);
	completion_mode = wire_get_u32(&r);
	if (r.error != NULL)
		return STATUS_INFO_LENGTH_MISMATCH;
	if (read_mode > 1 || completion_mode > 1)
		return STATUS_INVALID_PARAMETER;
	*mode = (struct smb2_pipe_mode){ .reads_messages = read_mode == 1,
		                         .is_non_blocking = completion_mode == 1 };
	return STATUS_SUCCESS;
}
