/* The first bytes of clients that mean harm: whatever name (SNI) and whatever protocols (ALPN) they ask a server for,
 * what the server shows of it is one short line of plain letters, and what is no name is refused. */
#include "contract_loop.h"

/* Numbers of extensions, RFC 6066 and RFC 7301. */
enum { SERVER_NAME = 0, ALPN = 16 };
/* A message of the handshake is shorter. */
enum { ROOM = 70000, RECORD = 16384, LONGEST_LINE = 300 };

/* Bytes that grow. */
struct bytes {
    unsigned char at[ROOM];
    size_t len;
};

static void put(struct bytes *to, const void *from, size_t len)
{
    if (to->len + len > sizeof to->at)
        exit(EXIT_FAILURE);
    memcpy(to->at + to->len, from, len);
    to->len += len;
}

/* A number of so many bytes, the highest first. */
static void put_number(struct bytes *to, size_t number, int width)
{
    while (width-- > 0) {
        unsigned char byte = (unsigned char)(number >> 8 * width);

        put(to, &byte, 1);
    }
}

static size_t get_number(const unsigned char *at, int width)
{
    size_t number = 0;

    while (width-- > 0)
        number = number << 8 | *at++;
    return number;
}

/* ---------- a client's first message ---------- */

/* What a client of ours says first, without the heads of its records and of the message. */
static void honest_hello(struct bytes *hello)
{
    static struct bytes records;
    tlsconn_ctx *ctx = a_client(NULL);
    tlsconn_conn *conn = NULL;
    size_t at;

    EXPECT(TLSCONN_OK, tlsconn_ctx_set_str(ctx, TLSCONN_OPT_ALPN, "h2"));
    EXPECT(TLSCONN_OK, tlsconn_connect_mem(ctx, "localhost", 1, &conn));
    EXPECT(TLSCONN_WANT_READ, tlsconn_conn_handshake(conn));
    EXPECT(TLSCONN_OK, tlsconn_conn_mem_output(conn, records.at, sizeof records.at, &records.len));
    hello->len = 0;
    for (at = 0; at < records.len; at += 5 + get_number(records.at + at + 3, 2))
        put(hello, records.at + at + 5, get_number(records.at + at + 3, 2));
    CHECK(hello->len > 4 && hello->at[0] == 1 && get_number(hello->at + 1, 3) == hello->len - 4);
    memmove(hello->at, hello->at + 4, hello->len -= 4);
    tlsconn_conn_free(conn);
    tlsconn_ctx_unref(ctx);
}

/* The same with this in place of one of its extensions, in records. */
static void with(struct bytes *records, size_t extension, const struct bytes *value)
{
    static struct bytes hello, rest, message;
    size_t at = 34, end;

    honest_hello(&hello);
    at += 1 + hello.at[at];                       /* the session */
    at += 2 + get_number(hello.at + at, 2);       /* the suites */
    at += 1 + hello.at[at];                       /* the ways to compress */
    end = at;
    rest.len = message.len = records->len = 0;
    for (at += 2; at < hello.len; at += 4 + get_number(hello.at + at + 2, 2))
        if (get_number(hello.at + at, 2) != extension)
            put(&rest, hello.at + at, 4 + get_number(hello.at + at + 2, 2));
        else {
            put_number(&rest, extension, 2);
            put_number(&rest, value->len, 2);
            put(&rest, value->at, value->len);
        }
    put_number(&message, 1, 1);
    put_number(&message, end + 2 + rest.len, 3);
    put(&message, hello.at, end);
    put_number(&message, rest.len, 2);
    put(&message, rest.at, rest.len);
    for (at = 0; at < message.len; at += RECORD) {
        size_t piece = message.len - at < RECORD ? message.len - at : RECORD;

        put(records, "\x16\x03\x01", 3);
        put_number(records, piece, 2);
        put(records, message.at + at, piece);
    }
}

/* ---------- what a server makes of it ---------- */

/* It goes on, and shows this name and this protocol of the client. */
#define TAKEN(ctx, records, name, protocol) meets(__LINE__, ctx, records, TLSCONN_OK, name, protocol, "")
/* It refuses for a reason with these words in it, and shows nothing of the client. */
#define REFUSED(ctx, records, code, words) meets(__LINE__, ctx, records, code, "", "", words)

/* One line that shows all that it holds. */
static void is_calm(const char *text)
{
    size_t i, len = strlen(text);

    CHECK(len < LONGEST_LINE);
    for (i = 0; i < len; i++)
        CHECK(text[i] >= ' ' && text[i] < 0x7f);
}

/* Shakes hands until the server has answered or refused. */
static int hear(tlsconn_conn *conn, int fd)
{
    int code = TLSCONN_OK;

    while (code >= 0 && !*tlsconn_conn_info(conn, TLSCONN_INFO_VERSION)) {
        struct pollfd more = { fd, POLLIN, 0 };

        if (poll(&more, 1, FOR_EVER) != 1) {
            fprintf(stderr, "the server waits for more than there is\n");
            failures++;
            break;
        }
        code = tlsconn_conn_handshake(conn);
    }
    return code < 0 ? code : TLSCONN_OK;
}

static void meets(int line, tlsconn_ctx *ctx, const struct bytes *records, int wanted, const char *name,
                  const char *protocol, const char *words)
{
    struct sockaddr_in place;
    socklen_t size = sizeof place;
    tlsconn_conn *conn = NULL;
    const char *said;
    int listener = socket(AF_INET, SOCK_STREAM, 0), client = socket(AF_INET, SOCK_STREAM, 0), fd, what, code;

    memset(&place, 0, sizeof place);
    place.sin_family = AF_INET;
    place.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    CHECK(bind(listener, (struct sockaddr *)&place, size) == 0 && listen(listener, 1) == 0);
    CHECK(getsockname(listener, (struct sockaddr *)&place, &size) == 0);
    CHECK(connect(client, (struct sockaddr *)&place, size) == 0);
    fd = accept(listener, NULL, NULL);
    CHECK(send(client, records->at, records->len, MSG_NOSIGNAL) == (ssize_t)records->len);
    EXPECT(TLSCONN_OK, tlsconn_accept_fd(ctx, fd, TLSCONN_F_NONBLOCK, &conn));
    code = hear(conn, fd);
    for (what = TLSCONN_INFO_VERSION; what <= TLSCONN_INFO_CLIENT_CERT; what++)
        is_calm(tlsconn_conn_info(conn, what));
    said = tlsconn_error_message(tlsconn_conn_error(conn));
    is_calm(said);
    is_calm(tlsconn_error_hint(tlsconn_conn_error(conn)));
    if (code != wanted || !says(conn, TLSCONN_INFO_SNI, name) || !says(conn, TLSCONN_INFO_ALPN, protocol) ||
        !strstr(said, words)) {
        fprintf(stderr, "%s:%d: %d (%s), not %d; the name %s, not %s; the protocol %s, not %s\n", __FILE__, line, code,
                said, wanted, tlsconn_conn_info(conn, TLSCONN_INFO_SNI), name, tlsconn_conn_info(conn, TLSCONN_INFO_ALPN),
                protocol);
        failures++;
    }
    tlsconn_conn_free(conn);
    CHECK(close(client) == 0 && close(fd) == 0 && close(listener) == 0);
}

/* ---------- names ---------- */

static void put_name(struct bytes *to, size_t kind, const char *name, size_t len)
{
    put_number(to, kind, 1);
    put_number(to, len, 2);
    put(to, name, len);
}

/* The value of the extension for this name. */
static void asking_for(struct bytes *value, const char *name, size_t len)
{
    value->len = 0;
    put_number(value, len + 3, 2);
    put_name(value, 0, name, len);
}

#define NAME(text) { text, sizeof text - 1 }

static void names(tlsconn_ctx *ctx)
{
    static const char no_name[] = "by what is not a DNS name";
    static const struct {
        const char *name;
        size_t len;
    } wrong[] = {
        NAME("local\nhost"), NAME("\x1b[2Jlocalhost"), NAME("localhost\0.evil.example"), NAME("\0"), NAME("localhost\0"),
        NAME("b\xc3\xbc" "cher.example"), NAME("\xff\xfe"), NAME("\xe2\x80\xaehost"), NAME("a b"), NAME("a..b"), NAME("."),
        NAME("*.example"), NAME("a/../b"), NAME("-"), NAME("%s%n"), NAME("localhost\r\nX: y"), NAME("1.2.3.4.5"),
    };
    /* What is asked for, and what is shown: an address is no name (RFC 6066, section 3), and is passed over. */
    static const char *const right[][2] = {
        { "localhost", "localhost" }, { "LocalHost", "localhost" }, { "xn--bcher-kva.example", "xn--bcher-kva.example" },
        { "_a.example", "_a.example" }, { "192.0.2.1", "" }, { "2001:db8::1", "" },
    };
    static struct bytes value, records;
    static char longest[ROOM];
    size_t i;

    for EACH(i, right) {
        asking_for(&value, right[i][0], strlen(right[i][0]));
        with(&records, SERVER_NAME, &value);
        TAKEN(ctx, &records, right[i][1], "");
    }
    for EACH(i, wrong) {
        asking_for(&value, wrong[i].name, wrong[i].len);
        with(&records, SERVER_NAME, &value);
        REFUSED(ctx, &records, TLSCONN_E_PROTOCOL, no_name);
    }
    asking_for(&value, "", 0);
    with(&records, SERVER_NAME, &value);
    REFUSED(ctx, &records, TLSCONN_E_PROTOCOL, "empty");
    /* DNS has room for 63 bytes between two dots, and for 253 in all. */
    memset(longest, 'a', 63);
    asking_for(&value, longest, 63);
    with(&records, SERVER_NAME, &value);
    TAKEN(ctx, &records, longest, "");
    memset(longest, 'a', sizeof longest);
    for (i = 64; i < 65000; i *= 3) {
        asking_for(&value, longest, i);
        with(&records, SERVER_NAME, &value);
        REFUSED(ctx, &records, TLSCONN_E_PROTOCOL, no_name);
    }
    for (i = 63; i < sizeof longest; i += 64)
        longest[i] = '.';
    for (i = 254; i < 65000; i *= 3) {
        asking_for(&value, longest, i);
        with(&records, SERVER_NAME, &value);
        REFUSED(ctx, &records, TLSCONN_E_PROTOCOL, no_name);
    }
    longest[253] = 0;
    asking_for(&value, longest, 253);
    with(&records, SERVER_NAME, &value);
    TAKEN(ctx, &records, longest, "");
}

/* The list around the names. */
static void lists_of_names(tlsconn_ctx *ctx)
{
    static struct bytes value, records;
    int i;

    value.len = 0; /* nothing at all */
    with(&records, SERVER_NAME, &value);
    REFUSED(ctx, &records, TLSCONN_E_PROTOCOL, "ends too early");
    put_number(&value, 0, 2); /* an empty list */
    with(&records, SERVER_NAME, &value);
    REFUSED(ctx, &records, TLSCONN_E_PROTOCOL, "an empty list");
    value.len = 0; /* of a name of 9 bytes, 4 */
    put_number(&value, 7, 2);
    put(&value, "\0\0\x09" "loca", 7);
    with(&records, SERVER_NAME, &value);
    REFUSED(ctx, &records, TLSCONN_E_PROTOCOL, "is too short");
    value.len = 0; /* many names, where one may be of a kind (RFC 6066, section 3) */
    put_number(&value, 12 * 1000, 2);
    for (i = 0; i < 1000; i++)
        put_name(&value, 0, "localhost", 9);
    with(&records, SERVER_NAME, &value);
    REFUSED(ctx, &records, TLSCONN_E_PROTOCOL, "more than one server name");
}

/* ---------- protocols ---------- */

/* The value of the extension for COUNT times this protocol, and then one more. */
static void speaking(struct bytes *value, int count, const char *name, size_t len, const char *last)
{
    int i;

    value->len = 0;
    put_number(value, (size_t)count * (len + 1) + (last ? strlen(last) + 1 : 0), 2);
    for (i = 0; i < count; i++) {
        put_number(value, len, 1);
        put(value, name, len);
    }
    if (last) {
        put_number(value, strlen(last), 1);
        put(value, last, strlen(last));
    }
}

static void protocols(tlsconn_ctx *without)
{
    static const char no_protocol[] = "speaks none of our application protocols: h2 (ALPN)";
    static const struct {
        const char *name;
        size_t len;
    } others[] = {
        NAME("H2"), NAME("h2\0"), NAME("\0h2"), NAME("h2\0http/1.1"), NAME("h2\n"), NAME("\x1b[2J"), NAME("h\xc2\xb2"),
        NAME("\xff"), NAME("\xe2\x80\xaeh2"), NAME("h"), NAME("h2,h2"),
    };
    static struct bytes value, records;
    tlsconn_ctx *ctx = a_server();
    char longest[255];
    size_t i;

    EXPECT(TLSCONN_OK, tlsconn_ctx_set_str(ctx, TLSCONN_OPT_ALPN, "h2"));
    memset(longest, '\x1b', sizeof longest);
    for EACH(i, others) {
        speaking(&value, 1, others[i].name, others[i].len, NULL);
        with(&records, ALPN, &value);
        REFUSED(ctx, &records, TLSCONN_E_ALPN, no_protocol);
        TAKEN(without, &records, "localhost", "");
        speaking(&value, 1, others[i].name, others[i].len, "h2");
        with(&records, ALPN, &value);
        TAKEN(ctx, &records, "localhost", "h2");
    }
    speaking(&value, 200, longest, sizeof longest, "h2");
    with(&records, ALPN, &value);
    TAKEN(ctx, &records, "localhost", "h2");
    speaking(&value, 200, longest, sizeof longest, NULL);
    with(&records, ALPN, &value);
    REFUSED(ctx, &records, TLSCONN_E_ALPN, no_protocol);
    speaking(&value, 30000, "x", 1, NULL);
    with(&records, ALPN, &value);
    REFUSED(ctx, &records, TLSCONN_E_ALPN, no_protocol);

    speaking(&value, 1, "", 0, "h2"); /* one without a name */
    with(&records, ALPN, &value);
    REFUSED(ctx, &records, TLSCONN_E_PROTOCOL, "an empty value");
    speaking(&value, 0, "", 0, NULL); /* an empty list */
    with(&records, ALPN, &value);
    REFUSED(ctx, &records, TLSCONN_E_PROTOCOL, "an empty list");
    value.len = 0; /* nothing at all */
    with(&records, ALPN, &value);
    REFUSED(ctx, &records, TLSCONN_E_PROTOCOL, "ends too early");
    put(&value, "\0\3\x09h2", 5); /* of a protocol of 9 bytes, 2 */
    with(&records, ALPN, &value);
    REFUSED(ctx, &records, TLSCONN_E_PROTOCOL, "is too short");
    tlsconn_ctx_unref(ctx);
}

int main(int argc, char **argv)
{
    tlsconn_ctx *ctx;

    if (argc != 2)
        return 2;
    pki = argv[1];
    ctx = a_server();
    names(ctx);
    lists_of_names(ctx);
    protocols(ctx);
    tlsconn_ctx_unref(ctx);
    return result(argv[0]);
}
