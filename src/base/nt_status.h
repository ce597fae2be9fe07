/* SPDX-License-Identifier: MIT */
/* NTSTATUS codes, [MS-ERREF] 2.3: all that are sent or explained here. */
#ifndef BASE_NT_STATUS_H
#define BASE_NT_STATUS_H

#define STATUS_SUCCESS                               0x00000000u
#define STATUS_PENDING                               0x00000103u
#define STATUS_BUFFER_OVERFLOW                       0x80000005u
#define STATUS_NOT_IMPLEMENTED                       0xC0000002u
#define STATUS_INVALID_INFO_CLASS                    0xC0000003u
#define STATUS_INFO_LENGTH_MISMATCH                  0xC0000004u
#define STATUS_INVALID_HANDLE                        0xC0000008u
#define STATUS_INVALID_PARAMETER                     0xC000000Du
#define STATUS_INVALID_DEVICE_REQUEST                0xC0000010u
#define STATUS_END_OF_FILE                           0xC0000011u
#define STATUS_MORE_PROCESSING_REQUIRED              0xC0000016u
#define STATUS_NO_MEMORY                             0xC0000017u
#define STATUS_ACCESS_DENIED                         0xC0000022u
#define STATUS_BUFFER_TOO_SMALL                      0xC0000023u
#define STATUS_OBJECT_NAME_INVALID                   0xC0000033u
#define STATUS_OBJECT_NAME_NOT_FOUND                 0xC0000034u
#define STATUS_OBJECT_PATH_NOT_FOUND                 0xC000003Au
#define STATUS_NO_LOGON_SERVERS                      0xC000005Eu
#define STATUS_NO_SUCH_USER                          0xC0000064u
#define STATUS_WRONG_PASSWORD                        0xC000006Au
#define STATUS_LOGON_FAILURE                         0xC000006Du
#define STATUS_ACCOUNT_RESTRICTION                   0xC000006Eu
#define STATUS_INVALID_LOGON_HOURS                   0xC000006Fu
#define STATUS_INVALID_WORKSTATION                   0xC0000070u
#define STATUS_PASSWORD_EXPIRED                      0xC0000071u
#define STATUS_ACCOUNT_DISABLED                      0xC0000072u
#define STATUS_INSUFFICIENT_RESOURCES                0xC000009Au
#define STATUS_BAD_IMPERSONATION_LEVEL               0xC00000A5u
#define STATUS_PIPE_NOT_AVAILABLE                    0xC00000ACu
#define STATUS_INVALID_PIPE_STATE                    0xC00000ADu
#define STATUS_PIPE_BUSY                             0xC00000AEu
#define STATUS_PIPE_DISCONNECTED                     0xC00000B0u
#define STATUS_PIPE_CLOSING                          0xC00000B1u
#define STATUS_IO_TIMEOUT                            0xC00000B5u
#define STATUS_NOT_SUPPORTED                         0xC00000BBu
#define STATUS_NETWORK_NAME_DELETED                  0xC00000C9u
#define STATUS_BAD_DEVICE_TYPE                       0xC00000CBu
#define STATUS_BAD_NETWORK_NAME                      0xC00000CCu
#define STATUS_TOO_MANY_SESSIONS                     0xC00000CEu
#define STATUS_REQUEST_NOT_ACCEPTED                  0xC00000D0u
#define STATUS_PIPE_EMPTY                            0xC00000D9u
#define STATUS_INTERNAL_ERROR                        0xC00000E5u
#define STATUS_CANCELLED                             0xC0000120u
#define STATUS_FILE_CLOSED                           0xC0000128u
#define STATUS_TIME_DIFFERENCE_AT_DC                 0xC0000133u
#define STATUS_PIPE_BROKEN                           0xC000014Bu
#define STATUS_LOGON_TYPE_NOT_GRANTED                0xC000015Bu
#define STATUS_INVALID_DEVICE_STATE                  0xC0000184u
#define STATUS_ACCOUNT_EXPIRED                       0xC0000193u
#define STATUS_FS_DRIVER_REQUIRED                    0xC000019Cu
#define STATUS_USER_SESSION_DELETED                  0xC0000203u
#define STATUS_INSUFF_SERVER_RESOURCES               0xC0000205u
#define STATUS_CONNECTION_DISCONNECTED               0xC000020Cu
#define STATUS_CONNECTION_REFUSED                    0xC0000236u
#define STATUS_PASSWORD_MUST_CHANGE                  0xC0000224u
#define STATUS_NOT_FOUND                             0xC0000225u
#define STATUS_ACCOUNT_LOCKED_OUT                    0xC0000234u
#define STATUS_NETWORK_SESSION_EXPIRED               0xC000035Cu
#define STATUS_NTLM_BLOCKED                          0xC0000418u
#define STATUS_INVALID_SIGNATURE                     0xC000A000u
#define STATUS_SMB_NO_PREAUTH_INTEGRITY_HASH_OVERLAP 0xC05D0000u
#define STATUS_SMB_BAD_CLUSTER_DIALECT               0xC05D0001u

#endif
