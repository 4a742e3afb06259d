//! What clients send: recognised, or read as what the first byte says.
#![no_main]

use std::io::Cursor;

use intake::{Form, Format, Hint, Mapper, Signal, detect, inflate, is_gzip, read_mcp, read_native, read_otlp};
use libfuzzer_sys::fuzz_target;
use redaction::Redactor;

const LIMIT: u64 = 1 << 20;

fuzz_target!(|bytes: &[u8]| {
    let Some((choice, body)) = bytes.split_first() else { return };
    let mut plain = body.to_vec();
    if body.first_chunk().is_some_and(is_gzip) {
        plain.clear();
        if inflate(&mut &*body, &mut plain, LIMIT, "fuzz").is_err() {
            return;
        }
    }
    let mapper = Mapper::new(Redactor::standard());
    let mut source = Cursor::new(plain.as_slice());
    let signals = [Signal::Traces, Signal::Logs, Signal::Metrics];
    let signal = signals[usize::from(choice / 8) % signals.len()];
    let format = match choice % 8 {
        0 => Format::Mcp,
        1 => Format::Native,
        2 => Format::Otlp { form: Form::Json, signal },
        3 => Format::Otlp { form: Form::Protobuf, signal },
        _ => match detect(&mut source, Hint { format: None, signal: None }, "fuzz") {
            Ok(format) => format,
            Err(_) => return,
        },
    };
    let _ = match format {
        Format::Mcp => read_mcp(&mut source, "fuzz", &mapper, &mut |_| Ok(())),
        Format::Native => read_native(&mut source, "fuzz", &mapper, &mut |_| Ok(())),
        Format::Otlp { form, signal } => read_otlp(&mut source, form, signal, "fuzz", &mut |item| {
            if let intake::Item::Record(record) = item {
                let _ = mapper.record(record);
            }
            Ok(())
        }),
    };
});
