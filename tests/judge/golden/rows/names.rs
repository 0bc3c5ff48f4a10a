//! Names, where they stand and what is written there.

use super::super::make::{
    ALT_NAMES, Draft, Extension, alt_names, common_name, common_names, dns, ip, mail, nothing,
    service, uri,
};
use super::Row;

/// A server without alternative names.
fn bare(subject: Vec<u8>) -> Draft {
    Draft::leaf().subject(subject).without(ALT_NAMES)
}

pub(super) fn rows() -> Vec<Row> {
    [plain(), common(), addresses(), other_scripts(), wildcards(), odd()].concat()
}

fn plain() -> Vec<Row> {
    vec![
        Row::of("ordinary", Draft::leaf()),
        Row::of("through-a-middle", Draft::deep()).shown_with_middle(),
        Row::of("version-1", Draft::leaf().version_1()),
        Row::of("version-2", Draft { version: Some(1), ..Draft::leaf().version_1() }),
    ]
}

fn common() -> Vec<Row> {
    let named = |names: &[Vec<u8>]| Draft::leaf().named(names);
    vec![
        Row::of("cn-only", bare(common_name("a.example"))),
        Row::of("cn-only-other", bare(common_name("b.example"))),
        Row::of("cn-upper-case", bare(common_name("A.Example"))),
        Row::of("cn-beside-mail", named(&[mail("root@a.example")])),
        Row::of("cn-beside-uri", named(&[uri("https://a.example/")])),
        Row::of("cn-beside-other-dns", named(&[dns("b.example")])),
        Row::of("cn-beside-ip", named(&[ip(&[192, 0, 2, 7])])),
        Row::of("cn-other-beside-dns", Draft::leaf().subject(common_name("b.example"))),
        Row::of("two-cn", bare(common_names(&["b.example", "a.example"]))),
        Row::of("two-cn-equal", bare(common_names(&["a.example", "a.example"]))),
        Row::of("two-cn-beside-dns", Draft::leaf().subject(common_names(&["b", "c"]))),
        Row::of("cn-nul", bare(common_name("a.example\0.b.example"))),
        Row::of("cn-wildcard", bare(common_name("*.a.example"))).at("b.a.example"),
        Row::of("cn-trailing-dot", bare(common_name("a.example."))),
        Row::of("no-names", bare(nothing())),
    ]
}

fn addresses() -> Vec<Row> {
    let named = |name| Draft::leaf().named(&[name]);
    let v6 = |last: [u8; 2]| {
        let mut octets = vec![0x20, 0x01, 0x0d, 0xb8];
        octets.extend([0; 10]);
        octets.extend(last);
        octets
    };
    let mut mapped = vec![0; 10];
    mapped.extend([0xff, 0xff, 192, 0, 2, 7]);
    vec![
        Row::of("ip", named(ip(&[192, 0, 2, 7]))).at("192.0.2.7"),
        Row::of("ip-other", named(ip(&[192, 0, 2, 8]))).at("192.0.2.7"),
        Row::of("ip-6", named(ip(&v6([0, 7])))).at("2001:db8:0:0::7"),
        Row::of("ip-6-mapped", named(ip(&mapped))).at("192.0.2.7"),
        Row::of("ip-in-cn", bare(common_name("192.0.2.7"))).at("192.0.2.7"),
        Row::dns("ip-as-dns", "192.0.2.7", "192.0.2.7"),
        Row::dns("ip-wildcard", "*.0.2.7", "192.0.2.7"),
        Row::of("ip-five-octets", named(ip(&[192, 0, 2, 7, 0]))).at("192.0.2.7"),
    ]
}

fn other_scripts() -> Vec<Row> {
    const HOST: &str = "münster.example";
    vec![
        Row::dns("a-label", "xn--mnster-3ya.example", HOST),
        Row::dns("a-label-upper-case", "XN--MNSTER-3YA.example", HOST),
        Row::of("a-label-in-cn", bare(common_name("xn--mnster-3ya.example"))).at(HOST),
        Row::dns("u-label", HOST, HOST),
        Row::of("u-label-in-cn", bare(common_name(HOST))).at(HOST),
        Row::dns("a-label-wildcard", "xn--*.a.example", "xn--mnster-3ya.a.example"),
        Row::dns("a-label-below-wildcard", "*.a.example", "xn--mnster-3ya.a.example"),
    ]
}

fn wildcards() -> Vec<Row> {
    vec![
        Row::dns("wildcard", "*.a.example", "b.a.example"),
        Row::dns("wildcard-for-itself", "*.a.example", "a.example"),
        Row::dns("wildcard-two-labels", "*.a.example", "c.b.a.example"),
        Row::dns("wildcard-alone", "*", "localhost"),
        Row::dns("wildcard-top-level", "*.example", "a.example"),
        Row::dns("wildcard-in-label", "f*.a.example", "foo.a.example"),
        Row::dns("wildcard-end-of-label", "*o.a.example", "foo.a.example"),
        Row::dns("wildcard-twice", "*.*.example", "b.a.example"),
        Row::dns("wildcard-in-the-middle", "b.*.example", "b.a.example"),
        Row::dns("wildcard-at-the-end", "a.*", "a.example"),
    ]
}

fn odd() -> Vec<Row> {
    let hundred: Vec<Vec<u8>> = (0..100).map(|at| dns(&format!("n{at}.example"))).collect();
    let empty = Draft::leaf().subject(nothing());
    let critical = alt_names(&[dns("a.example")]).critical();
    vec![
        Row::of("hundred-names", Draft::leaf().named(&hundred)).at("n99.example"),
        Row::of("hundred-other-names", Draft::leaf().named(&hundred)),
        Row::dns("san-nul", "a.example\0.b.example", "a.example"),
        Row::dns("san-trailing-dot", "a.example.", "a.example"),
        Row::dns("san-leading-dot", ".a.example", "b.a.example"),
        Row::dns("san-space", "a.example ", "a.example"),
        Row::dns("san-no-text", "", "a.example"),
        Row::dns("san-underscore", "node_7.a.example", "node_7.a.example"),
        Row::dns("san-upper-case", "A.EXAMPLE", "a.example"),
        Row::dns("host-trailing-dot", "a.example", "a.example."),
        Row::dns("san-one-label", "localhost", "localhost"),
        Row::of("san-empty", Draft::leaf().with(Extension::new(ALT_NAMES, nothing()))),
        Row::of("san-beside-service", Draft::leaf().named(&[service("_x.b"), dns("a.example")])),
        Row::of("san-critical", Draft::leaf().with(critical.clone())),
        Row::of("subject-empty", empty.clone().with(critical)),
        Row::of("subject-empty-not-critical", empty),
    ]
}

impl Row {
    fn shown_with_middle(mut self) -> Self {
        self.chain.push(Draft::middle().der());
        self
    }
}
