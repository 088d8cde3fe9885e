// The OpenSSL side of runtime/tls.h, shared by its two sources.
#pragma once
#include <openssl/ssl.h>

namespace gw::runtime {

// Every server connection starts with this one and changes to the one of its listener; it holds the ticket keys.
SSL_CTX* tls_base_context();

int tls_client_hello(SSL* ssl, int* alert, void* argument);
int tls_select_alpn(SSL* ssl, const unsigned char** out, unsigned char* out_size, const unsigned char* in,
                    unsigned in_size, void* argument);

}  // namespace gw::runtime
