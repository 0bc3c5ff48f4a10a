/* The words of the library, in those of BoringSSL. */
#include <string.h>

#include "shim.h"

struct word { const char *ours, *theirs; };

/* The first that fits counts. What does not occur here broke a rule that BoringSSL has no name for. */
static const struct word protocol[] = {
    { "cannot verify any signature that our keys can make", ":INCOMPATIBLE:" },
    { "in common", ":INCOMPATIBLE:" },
    { " at most, and ", ":INCOMPATIBLE:" },
    { "speaks no version of TLS", ":INCOMPATIBLE:" },
    { "extended master secret", ":INCOMPATIBLE:" },
    { "raw public keys", ":INCOMPATIBLE:" },
    { "which TLS 1.3 needs", ":INCOMPATIBLE:" },
    { ", which TLS needs", ":INCOMPATIBLE:" },
    { "does not go without compression", ":INCOMPATIBLE:" },
    { "lacks something", ":INCOMPATIBLE:" },
    { "points of elliptic curves in their plain form", ":ERROR_PARSING_EXTENSION:" },
    { "by an unknown extension", ":UNEXPECTED_EXTENSION:" },
    { "asked for a certificate after the handshake", ":UNEXPECTED_MESSAGE:" },
    { "of another kind than comes at this point", ":UNEXPECTED_MESSAGE:" },
    { "change_cipher_spec that does not come", ":PEER_MISBEHAVIOUR:" },
    { "that does not come at this point", ":UNEXPECTED_MESSAGE:" },
    { "does not decrypt", ":DECRYPTION_FAILED_OR_BAD_RECORD_MAC:" },
    { "a record of more than", ":DATA_LENGTH_TOO_LONG:" },
    { "does not fit the handshake", ":WRONG_SIGNATURE_TYPE:" },
    { "key that TLS cannot use", ":WRONG_SIGNATURE_TYPE:" },
    { "psk_key_exchange_modes", ":MISSING_EXTENSION:" },
    { "more early data than", ":TOO_MUCH_READ_EARLY_DATA:" },
    { "in a way that it was not offered", ":WRONG_SIGNATURE_TYPE:" },
    { "certificate in a way that was not offered", ":UNKNOWN_CERT_COMPRESSION_ALG:" },
    { "certificate in a way that cannot be undone", ":CERT_DECOMPRESSION_FAILED:" },
    { "one way to compress certificates twice", ":ERROR_PARSING_EXTENSION:" },
    { "cipher suite that was not offered", ":WRONG_CIPHER_RETURNED:" },
    { "too many warning alerts", ":TOO_MANY_WARNING_ALERTS:" },
    { "too many key updates", ":TOO_MANY_KEY_UPDATES:" },
    { "too many empty records", ":TOO_MANY_EMPTY_FRAGMENTS:" },
    { "took over the session of another", ":SERVER_ECHOED_INVALID_SESSION_ID:" },
    { "encrypted first message (ECH) that was not sent", ":UNEXPECTED_EXTENSION:" },
    { "key exchange group that was not offered", ":WRONG_CURVE:" },
    { "malformed share of the key exchange", ":BAD_ECPOINT:" },
    { "a record into the middle of a message", ":UNEXPECTED_MESSAGE:" },
    { "its keys in the middle of a message", ":EXCESS_HANDSHAKE_DATA:" },
    { "sent an alert", ":BAD_ALERT:" },
    { "malformed change_cipher_spec", ":BAD_CHANGE_CIPHER_SPEC:" },
    { "an empty ticket", ":DECODE_ERROR:" },
    { "an empty list", ":DECODE_ERROR:" },
    { "an empty value", ":ILLEGAL_EMPTY_VALUE:" },
    { "malformed key update", ":BAD_HANDSHAKE_MSG:" },
    { "that ends too early", ":BAD_HANDSHAKE_MSG:" },
    { "something behind its end", ":BAD_HANDSHAKE_MSG:" },
    { "(HelloRetryRequest) too late", ":BAD_HANDSHAKE_MSG:" },
    { "offers no kind of signature", ":BAD_HANDSHAKE_MSG:" },
    { "compresses its records", ":BAD_HANDSHAKE_MSG:" },
    { "malformed request for a certificate", ":BAD_HANDSHAKE_MSG:" },
    { "malformed parameters for the key exchange", ":BAD_HANDSHAKE_MSG:" },
    { "no parameters for the key exchange", ":BAD_HANDSHAKE_MSG:" },
    { "a kind that TLS does not have", ":GARBAGE:" },
    { "something that is not TLS", ":GARBAGE:" },
    { "does not speak TLS", ":GARBAGE:" },
    { "an empty record where none", ":GARBAGE:" },
    { "a version that TLS does not have", ":GARBAGE:" },
    { "longer than the limit", ":GARBAGE:" },
    { "of a kind that cannot come now", ":GARBAGE:" },
    { "sent extension ", ":DUPLICATE_EXTENSION:" },
    { "an extension that does not belong there", ":UNEXPECTED_EXTENSION:" },
    { "pre_shared_key, which must be the last", ":PRE_SHARED_KEY_MUST_BE_LAST:" },
    { "sent a message that", ":CORRUPT_MESSAGE:" },
    { "asked for more than one server name", ":CORRUPT_MESSAGE:" },
    { "a revocation status of an unknown kind", ":CORRUPT_MESSAGE:" },
    { "a key exchange that is not supported", ":CORRUPT_MESSAGE:" },
    { NULL, ":PEER_MISBEHAVIOUR:" } };

static const char *look_up(const struct word *list, const char *text)
{
    for (; list->ours; list++)
        if (strstr(text, list->ours))
            return list->theirs;
    return list->theirs;
}

const char *translate(int code, const tlsconn_error *error)
{
    const char *text = tlsconn_error_message(error);
    const char *found = strstr(text, "TLS alert ");
    switch (code) {
    case TLSCONN_E_PROTOCOL:
        return look_up(protocol, text);
    case TLSCONN_E_ALERT:
    case TLSCONN_E_PEER_REJECTED_US:
        switch (found ? number(found + 10) : 0) {
        case 10: return ":BAD_ALERT:";
        case 22: return ":TLSV1_ALERT_RECORD_OVERFLOW:";
        case 30: return ":SSLV3_ALERT_DECOMPRESSION_FAILURE:";
        case 40: return ":HANDSHAKE_FAILURE:";
        case 70: return ":WRONG_VERSION:";
        case 80: return ":PEER_ALERT_INTERNAL_ERROR:";
        default: return ":ALERT:";
        }
    case TLSCONN_E_ALPN:
        return ":NO_APPLICATION_PROTOCOL:";
    case TLSCONN_E_NO_CLIENT_CERT:
        return ":NO_CERTS:";
    case TLSCONN_E_REJECTED:
    case TLSCONN_E_CERT_DISTRUSTED:
    case TLSCONN_E_CERT_UNKNOWN:
        return ":CERTIFICATE_VERIFY_FAILED:";
    case TLSCONN_E_CERT:
        if (tlsconn_error_problems(error) & TLSCONN_P_BAD_SIGNATURE)
            return ":BAD_SIGNATURE:";
        if (tlsconn_error_problems(error) & TLSCONN_P_BAD_ENCODING)
            return ":CANNOT_PARSE_LEAF_CERT:";
        return ":BAD_CERT:";
    case TLSCONN_E_TRUNCATED:
        return ":EOF:";
    default:
        return ":OTHER:";
    }
}
