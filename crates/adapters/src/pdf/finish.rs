//! What printpdf leaves to do: dates from the data, language, nested outline, metadata, colour
//! space, and an id that is a hash of the file.

use lopdf::{Dictionary, Document, Object, ObjectId, Stream, StringFormat, dictionary};
use replay_determinism::sha256;

use super::canvas::{Heading, PAGE};
use crate::{RenderError, Report};

/// sRGB, CC0.
const SRGB: &[u8] = include_bytes!("../../fonts/sRGB-v4.icc");

/// Finishes the document and writes it.
pub(super) fn finish(
    mut document: Document,
    report: &Report,
    headings: &[Heading],
) -> Result<Vec<u8>, RenderError> {
    document.version = "1.7".to_owned();
    let profile = document
        .add_object(Stream::new(dictionary! { "N" => 3, "Alternate" => "DeviceRGB" }, SRGB.into()));
    let intent = dictionary! {
        "Type" => "OutputIntent",
        "S" => "GTS_PDFA1",
        "OutputConditionIdentifier" => Object::string_literal("sRGB"),
        "Info" => Object::string_literal("sRGB"),
        "DestOutputProfile" => profile,
    };
    let metadata = Stream::new(
        dictionary! { "Type" => "Metadata", "Subtype" => "XML" },
        xmp(report).into_bytes(),
    );
    // Uncompressed, so that tools that do not know PDF can read it.
    let metadata = document.add_object(metadata.with_compression(false));
    let outline = outline(&mut document, headings)?;
    let catalog = document.catalog_mut().map_err(failed)?;
    catalog.set("OutputIntents", vec![intent.into()]);
    catalog.set("Metadata", metadata);
    catalog.set("Lang", Object::string_literal("en"));
    catalog.set("PageLayout", "OneColumn");
    catalog.set("ViewerPreferences", dictionary! { "DisplayDocTitle" => true });
    if let Some(outline) = outline {
        catalog.set("Outlines", outline);
        catalog.set("PageMode", "UseOutlines");
    }
    let info = document.add_object(info(report));
    document.trailer.set("Info", info);
    document.prune_objects();
    document.compress();

    let unnamed = write(&mut document, &[0; 16])?;
    let hash = sha256(&unnamed);
    let (id, _) = hash.as_bytes().split_at(16);
    write(&mut document, id)
}

fn write(document: &mut Document, id: &[u8]) -> Result<Vec<u8>, RenderError> {
    let id = Object::String(id.to_vec(), StringFormat::Hexadecimal);
    document.trailer.set("ID", vec![id.clone(), id]);
    let mut out = Vec::new();
    document.save_to(&mut out).map_err(|error| RenderError(error.to_string()))?;
    Ok(out)
}

fn failed(error: lopdf::Error) -> RenderError {
    RenderError(error.to_string())
}

fn info(report: &Report) -> Dictionary {
    let digits: String =
        report.as_of.to_string().chars().filter(char::is_ascii_digit).take(14).collect();
    let date = Object::string_literal(format!("D:{digits}Z"));
    dictionary! {
        "Title" => text(&report.title),
        "Subject" => text(&subject(report)),
        "Creator" => text(&report.generator),
        "Producer" => text(&format!("{} {}", report.generator, report.version)),
        "CreationDate" => date.clone(),
        "ModDate" => date,
    }
}

fn subject(report: &Report) -> String {
    format!("{}, {} entries, root {}", report.origin, report.integrity.size, report.integrity.root)
}

/// UTF-16BE with a byte order mark, as PDF text strings are.
fn text(text: &str) -> Object {
    let mut bytes = vec![0xFE, 0xFF];
    bytes.extend(text.encode_utf16().flat_map(u16::to_be_bytes));
    Object::String(bytes, StringFormat::Hexadecimal)
}

fn xmp(report: &Report) -> String {
    let escape = |text: &str| {
        // XML 1.0 has no way to write most control characters.
        let text: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
        text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
    };
    let date: String = report.as_of.to_string().chars().take(19).collect();
    format!(
        "<?xpacket begin=\"\u{FEFF}\" id=\"W5M0MpCehiHzreSzNTczkc9d\"?>\n\
         <x:xmpmeta xmlns:x=\"adobe:ns:meta/\">\n\
         <rdf:RDF xmlns:rdf=\"http://www.w3.org/1999/02/22-rdf-syntax-ns#\">\n\
         <rdf:Description rdf:about=\"\" xmlns:dc=\"http://purl.org/dc/elements/1.1/\" \
         xmlns:xmp=\"http://ns.adobe.com/xap/1.0/\" xmlns:pdf=\"http://ns.adobe.com/pdf/1.3/\">\n\
         <dc:title><rdf:Alt><rdf:li xml:lang=\"x-default\">{title}</rdf:li></rdf:Alt></dc:title>\n\
         <dc:description><rdf:Alt><rdf:li xml:lang=\"x-default\">{subject}</rdf:li></rdf:Alt></dc:description>\n\
         <xmp:CreatorTool>{generator}</xmp:CreatorTool>\n\
         <xmp:CreateDate>{date}Z</xmp:CreateDate>\n\
         <xmp:ModifyDate>{date}Z</xmp:ModifyDate>\n\
         <pdf:Producer>{generator} {version}</pdf:Producer>\n\
         </rdf:Description>\n</rdf:RDF>\n</x:xmpmeta>\n<?xpacket end=\"r\"?>\n",
        title = escape(&report.title),
        subject = escape(&subject(report)),
        generator = escape(&report.generator),
        version = escape(&report.version),
    )
}

/// Two levels: parts, and runs within them.
fn outline(document: &mut Document, headings: &[Heading]) -> Result<Option<ObjectId>, RenderError> {
    if headings.is_empty() {
        return Ok(None);
    }
    let pages = document.get_pages();
    let root = document.new_object_id();
    let ids: Vec<ObjectId> = headings.iter().map(|_| document.new_object_id()).collect();
    let items: Vec<(ObjectId, &Heading)> = ids.into_iter().zip(headings).collect();

    // Each top item with those that lie under it.
    let mut tops: Vec<(ObjectId, Vec<ObjectId>)> = Vec::new();
    for (id, heading) in &items {
        match tops.last_mut() {
            Some((_, children)) if heading.depth > 0 => children.push(*id),
            _ => tops.push((*id, Vec::new())),
        }
    }
    let mut links: Vec<(ObjectId, Dictionary)> = Vec::new();
    let siblings = |parent: ObjectId, list: &[ObjectId], links: &mut Vec<_>| {
        for (at, id) in list.iter().enumerate() {
            let mut link = dictionary! { "Parent" => parent };
            if let Some(previous) = at.checked_sub(1).and_then(|at| list.get(at)) {
                link.set("Prev", *previous);
            }
            if let Some(next) = list.get(at + 1) {
                link.set("Next", *next);
            }
            links.push((*id, link));
        }
    };
    let top_ids: Vec<ObjectId> = tops.iter().map(|(id, _)| *id).collect();
    siblings(root, &top_ids, &mut links);
    for (id, children) in &tops {
        siblings(*id, children, &mut links);
    }
    for (id, mut item) in links {
        let Some((_, heading)) = items.iter().find(|(other, _)| *other == id) else { continue };
        let number = u32::try_from(heading.page + 1).unwrap_or(1);
        let page = pages
            .get(&number)
            .ok_or_else(|| RenderError(format!("page {number} of the outline is missing")))?;
        item.set("Title", text(&heading.title));
        let top = Object::Real((PAGE.1 - heading.y + 24.0).min(PAGE.1));
        item.set("Dest", vec![(*page).into(), "XYZ".into(), Object::Null, top, Object::Null]);
        if let Some((_, children)) = tops.iter().find(|(top, _)| *top == id)
            && let (Some(first), Some(last)) = (children.first(), children.last())
        {
            item.set("First", *first);
            item.set("Last", *last);
            item.set("Count", i64::try_from(children.len()).unwrap_or(0));
        }
        document.set_object(id, item);
    }
    let mut all = dictionary! {
        "Type" => "Outlines",
        "Count" => i64::try_from(items.len()).unwrap_or(0),
    };
    if let (Some(first), Some(last)) = (top_ids.first(), top_ids.last()) {
        all.set("First", *first);
        all.set("Last", *last);
    }
    document.set_object(root, all);
    Ok(Some(root))
}
