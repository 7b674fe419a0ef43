//! Messages that the client library cannot decode, or dies of: whoever may publish can send them. Nothing ends by one,
//! stands still at one, or passes one over in silence.

mod advisories;
mod stored;

/// A message as it lies in a stream: its subject, its block of headers, and what is told of it.
type Odd = (&'static [u8], &'static [u8]);

/// One of each kind that is known to break a connection, by what is odd about it. The subjects lie below `p.`.
const ODD: &[(&str, Odd)] = &[
    ("a lone CR in a value", (b"p.a", b"NATS/1.0\r\na: x\ry\r\n\r\n")),
    ("a lone CR in a value of an event", (b"p.b", b"NATS/1.0\r\nce-type: x\ry\r\nce-id: 1\r\n\r\n")),
    ("a lone LF in a value", (b"p.c", b"NATS/1.0\r\na: x\ny\r\n\r\n")),
    ("a lone LF at the end of a value", (b"p.c", b"NATS/1.0\r\na: x\n\r\n\r\n")),
    ("a CR behind the version", (b"p.d", b"NATS/1.0\ra: 1\r\n\r\n")),
    ("two CR behind the version", (b"p.d", b"NATS/1.0\r\r\na: 1\r\n\r\n")),
    ("a header folded at once", (b"p.e", b"NATS/1.0\r\n a: 1\r\nb: 2\r\n\r\n")),
    ("a header folded by a lone LF", (b"p.e", b"NATS/1.0\r\na: 1\n\tb\r\n\r\n")),
    ("a header folded with a lone CR", (b"p.e", b"NATS/1.0\r\na: 1\r\n \rb\r\n\r\n")),
    ("a header without a colon", (b"p.f", b"NATS/1.0\r\nnothing\r\n\r\n")),
    ("a header without a name", (b"p.f", b"NATS/1.0\r\n: 1\r\n\r\n")),
    ("a blank in a name", (b"p.f", b"NATS/1.0\r\na b: 1\r\n\r\n")),
    ("a value that is no UTF-8", (b"p.g", b"NATS/1.0\r\na: \xff\xfe\r\n\r\n")),
    ("a status", (b"p.h", b"NATS/1.0 100 Idle Heartbeat\r\na: 1\r\n\r\n")),
    ("a status that ends requests", (b"p.h", b"NATS/1.0 404 No Messages\r\na: 1\r\n\r\n")),
    ("a status that ends consumers", (b"p.h", b"NATS/1.0 409 Consumer Deleted\r\na: 1\r\n\r\n")),
    ("a status that is none", (b"p.h", b"NATS/1.0 9\r\na: 1\r\n\r\n")),
    ("a status of letters", (b"p.h", b"NATS/1.0abc\r\na: 1\r\n\r\n")),
    ("U+00A0 in the subject", (b"p.a\xc2\xa0b", b"NATS/1.0\r\na: 1\r\n\r\n")),
    ("U+0085 in the subject", (b"p.a\xc2\x85b", b"NATS/1.0\r\na: 1\r\n\r\n")),
    ("U+2028 in the subject", (b"p.a\xe2\x80\xa8b", b"NATS/1.0\r\na: 1\r\n\r\n")),
    ("U+3000 in the subject", (b"p.a\xe3\x80\x80b", b"NATS/1.0\r\na: 1\r\n\r\n")),
    ("VT in the subject", (b"p.a\x0bb", b"NATS/1.0\r\na: 1\r\n\r\n")),
    ("FF in the subject", (b"p.a\x0cb", b"NATS/1.0\r\na: 1\r\n\r\n")),
    ("a subject that is no UTF-8", (b"p.\xff\xfe", b"NATS/1.0\r\na: 1\r\n\r\n")),
];
