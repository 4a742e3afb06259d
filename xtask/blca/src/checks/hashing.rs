//! H002 and H003: a second canonical form, and hashes written by hand.

use super::Judge;
use crate::syntax::Source;
use crate::syntax::tokens::{Kind, Token};

/// Names of functions that make a canonical form.
const CANONICAL: &[&str] =
    &["canonical_bytes", "canonical_form", "canonical_json", "canonicalise", "canonicalize", "jcs"];

/// Constants by which a hash function is known.
const CONSTANTS: &[(u128, &str)] = &[
    (0xcbf2_9ce4_8422_2325, "FNV-1a, 64 bits"),
    (0x0100_0000_01b3, "FNV-1a, 64 bits"),
    (0x811c_9dc5, "FNV-1a, 32 bits"),
    (0x6a09_e667, "SHA-256"),
    (0xbb67_ae85, "SHA-256"),
    (0x428a_2f98, "SHA-256"),
    (0x6a09_e667_f3bc_c908, "SHA-512, BLAKE2b"),
    (0xbb67_ae85_84ca_a73b, "SHA-512, BLAKE2b"),
    (0x428a_2f98_d728_ae22, "SHA-512"),
    (0xc105_9ed8, "SHA-224"),
    (0xcbbb_9d5d_c105_9ed8, "SHA-384"),
    (0x6745_2301, "SHA-1, MD5"),
    (0xefcd_ab89, "SHA-1, MD5"),
    (0xd76a_a478, "MD5"),
    (0xc6a4_a793_5bd1_e995, "MurmurHash2"),
    (0x5bd1_e995, "MurmurHash2"),
    (0xcc9e_2d51, "MurmurHash3"),
    (0x87c3_7b91_1142_53d5, "MurmurHash3"),
    (0x9e37_79b1, "xxHash32"),
    (0x9e37_79b1_85eb_ca87, "xxHash64"),
    (0xc2b2_ae3d_27d4_eb4f, "xxHash64"),
    (0x736f_6d65_7073_6575, "SipHash"),
    (0x646f_7261_6e64_6f6d, "SipHash"),
    (0xedb8_8320, "CRC-32"),
    (0x82f6_3b78, "CRC-32C"),
    (0x517c_c1b7_2722_0a95, "FxHash"),
];

/// Both for one file.
pub(super) fn check(judge: &mut Judge<'_>, source: &Source) {
    if judge.context.canon {
        return;
    }
    for (at, token) in source.tokens.iter().enumerate() {
        let before = at.checked_sub(1).and_then(|b| source.tokens.get(b));
        if before.is_some_and(|t| t.is("fn")) && token.kind == Kind::Ident {
            canonical(judge, token);
        }
        if token.kind == Kind::Literal {
            constant(judge, token);
        }
    }
}

fn canonical(judge: &mut Judge<'_>, token: &Token) {
    let name = token.text.to_lowercase();
    let verb = ["", "to_", "as_", "into_", "write_", "make_", "encode_", "serialize_"];
    let named = verb.iter().any(|verb| {
        let rest = name.strip_prefix(verb);
        rest.is_some_and(|rest| CANONICAL.iter().any(|c| rest == *c || starts_word(rest, c)))
    });
    if named || name == "to_canonical" || name == "to_jcs" {
        let message = format!("`fn {}` reads like a second canonical form", token.text);
        report(judge, "H002", token, message);
    }
}

fn starts_word(name: &str, word: &str) -> bool {
    name.strip_prefix(word).is_some_and(|rest| rest.starts_with('_'))
}

fn constant(judge: &mut Judge<'_>, token: &Token) {
    let Some(syn::Lit::Int(number)) = token.value() else { return };
    let Ok(number) = number.base10_digits().parse::<u128>() else { return };
    if let Some((_, whose)) = CONSTANTS.iter().find(|(constant, _)| *constant == number) {
        let message = format!("`{}` is a constant of {whose}", token.text);
        report(judge, "H003", token, message);
    }
}

fn report(judge: &mut Judge<'_>, rule: &str, token: &Token, message: String) {
    let width = token.text.chars().count();
    judge.report(rule, token.line, token.column, width, &token.text, message);
}
