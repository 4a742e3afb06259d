//! `README.txt`: for the person who opens the bundle without knowing what it is.

use audit_evidence::VerifierKey;

use crate::Report;
use crate::bundle::Drawn;
use crate::claims::ClaimFacts;

const PDF_LINE: &str =
    "  report.pdf              to read (the files below are the evidence, not the PDF)\n";

const CRITERIA_LINE: &str =
    "  soc2-criteria.json      which of the entries speak to which criterion; no conclusion\n";

pub(crate) fn text(
    facts: &ClaimFacts,
    key: &VerifierKey,
    report: &Report,
    drawn: Drawn<'_>,
) -> String {
    let criteria = if report.soc2.is_some() { CRITERIA_LINE } else { "" };
    let pdf = match drawn {
        Drawn::With(_) => PDF_LINE,
        Drawn::Without => "",
    };
    let list = |items: Vec<String>| {
        items.iter().map(|item| format!("{}\n", wrapped(item))).collect::<String>()
    };
    format!(
        "\
EVIDENCE BUNDLE

This file was exported from a factlog ledger: an append-only log of what AI agents
did. You can check it offline, without access to the platform that made it.

Ledger       {origin}
Tree size    {size}
Root         {root}
Key          {key}
Entries      {entries}
Contents     {included} included, {withheld} withheld, {erased} erased


WHAT IT PROVES, ONCE YOU HAVE CHECKED IT WITH A KEY THAT YOU TRUST

{proved}

WHAT IT DOES NOT PROVE

{not_proved}

WHAT IS IN IT

{pdf}{criteria}  index.html              a page that checks this bundle in a browser
  population.csv          one line an entry; opens in a spreadsheet
  entries-NNN.jsonl       the recorded entries, byte for byte, one a line;
                          manifest.json gives the sequence number of each line
  disclosures-NNN.jsonl   contents that entries commit to (prompts, outputs, payloads),
                          if any go out
  checkpoint.note         the signed state of the ledger
  proofs/                 proofs that the entries lie in that ledger
  report.json             the report as data
  manifest.json           the request, the counts, the SHA-256 of every file
  manifest.dsse.json      the signature over manifest.json (DSSE, in-toto Statement v1)
  keys.json               the public key, for convenience: do not trust it from here


HOW TO CHECK IT

Get the ledger's public key from its owner over a channel that you trust. Then:

  factlog bundle verify FILE --key VKEY

It names everything that does not fit. Exit status 0: it holds. 1: it does not.

Without a command line, open index.html in a browser and give it this bundle, as the one
.zip file, and the key. It loads nothing and sends nothing. It checks all but the reports.
Whoever forges a bundle can put a page of his own into it, which says what he likes: take
the page from a bundle that you trust, or compare its SHA-256 with the one that factlog
publishes in docs/FORMATS.md.


HOW TO CHECK IT BY HAND

1. Each file has the SHA-256 that manifest.json gives:

     sha256sum population.csv entries-000.jsonl

2. The signature over manifest.json. The vkey is NAME+ID+BASE64; the base64 is one byte
   01 and the 32 bytes of an Ed25519 public key. With Python:

     import base64, hashlib, json
     from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
     vkey = \"NAME+ID+BASE64\"
     key = Ed25519PublicKey.from_public_bytes(
         base64.b64decode(vkey.split(\"+\", 2)[2])[1:])
     e = json.load(open(\"manifest.dsse.json\"))
     p, t = base64.b64decode(e[\"payload\"]), e[\"payloadType\"].encode()
     pae = b\"DSSEv1 %d %s %d %s\" % (len(t), t, len(p), p)
     key.verify(base64.b64decode(e[\"signatures\"][0][\"sig\"]), pae)
     said = json.loads(p)[\"subject\"][0][\"digest\"][\"sha256\"]
     assert said == hashlib.sha256(open(\"manifest.json\", \"rb\").read()).hexdigest()

   openssl does the same with the public key in PEM form (the 32 bytes after the prefix
   302a300506032b6570032100) and the bytes of `pae` in a file:

     openssl pkeyutl -verify -pubin -inkey key.pem -rawin -in pae.bin -sigfile sig.bin

3. checkpoint.note is a C2SP signed note: what is signed is its text up to the blank line,
   with the last newline. The proofs are C2SP tlog-proof texts, or range proofs whose
   hashes are those of RFC 6962: leaf = SHA-256(00 || entry), node = SHA-256(01 || left
   || right).

4. A content belongs to its entry if
     `disclosure`: base64url(SHA-256(the text)) stands in the entry under `_sd`, or
     `salt`, `bytes`: SHA-256(\"factlog/blob/v1\" || 00 || salt || bytes) stands there
     under `_blob`, at the same pointer.
",
        origin = facts.origin,
        size = facts.size,
        root = facts.root,
        entries = facts.entries,
        included = facts.included,
        withheld = facts.withheld,
        erased = facts.erased,
        proved = list(facts.proved()),
        not_proved = list(facts.not_proved()),
    )
}

/// A list item in lines of at most 84 characters.
fn wrapped(item: &str) -> String {
    let mut out = String::from("  -");
    let mut width = 3;
    for word in item.split(' ') {
        if width + 1 + word.chars().count() > 84 {
            out.push_str("\n   ");
            width = 3;
        }
        out.push(' ');
        out.push_str(word);
        width += 1 + word.chars().count();
    }
    out
}
