// The OpenSSL side of runtime/tls.h, shared by its two sources.
#pragma once
#include <openssl/ssl.h>

namespace gw::runtime {

// Every server connection starts with this one and changes to the one of its listener; it holds the ticket keys.
SSL_CTX* tls_base_context();

// OpenSSL's callbacks; both find the TlsStream of the connection and ask it.
int tls_client_hello(SSL* ssl, int* alert, void* argument);
// OpenSSL's callback for ALPN: h2 before http/1.1; none where the listener is not HTTP.
int tls_select_alpn(SSL* ssl, const unsigned char** out, unsigned char* out_size, const unsigned char* in,
                    unsigned in_size, void* argument);

}  // namespace gw::runtime
