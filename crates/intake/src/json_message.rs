//! Captured OTLP/JSON records as the same messages that protobuf gives (proto3 JSON mapping, with
//! what OTLP changes: ids in hexadecimal, enums as integers).

use base64::Engine as _;
use base64::engine::DecodePaddingMode;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig};
use opentelemetry_proto::tonic::common::v1::{
    AnyValue, ArrayValue, InstrumentationScope, KeyValue, KeyValueList, any_value,
};
use opentelemetry_proto::tonic::logs::v1::LogRecord;
use opentelemetry_proto::tonic::metrics::v1::{
    Exemplar, ExponentialHistogram, ExponentialHistogramDataPoint, Gauge, Histogram,
    HistogramDataPoint, Metric, NumberDataPoint, Sum, Summary, SummaryDataPoint, exemplar,
    exponential_histogram_data_point::Buckets, metric, number_data_point,
    summary_data_point::ValueAtQuantile,
};
use opentelemetry_proto::tonic::resource::v1::Resource;
use opentelemetry_proto::tonic::trace::v1::{Span, Status, span};

use crate::any_value::Reason;
use crate::json_tree::Json;

/// Base64 as proto3 JSON asks readers to take it: either alphabet's padding may be missing.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &base64::alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// The members of an object; unknown ones are ignored, `null` means the default.
struct Members(Vec<(String, Json)>);

impl Members {
    fn of(json: Json, what: &str) -> Result<Self, Reason> {
        match json {
            Json::Object(members) => Ok(Self(members)),
            Json::Null => Ok(Self(Vec::new())),
            other => Err(format!("{what} is {}, an object is wanted", other.kind())),
        }
    }

    fn take(&mut self, name: &str) -> Json {
        let at = self.0.iter().position(|(member, _)| member == name);
        at.map_or(Json::Null, |at| self.0.swap_remove(at).1)
    }

    fn text(&mut self, name: &str) -> Result<String, Reason> {
        match self.take(name) {
            Json::Null => Ok(String::new()),
            Json::Text(text) => Ok(text),
            other => Err(format!("`{name}` is {}, a string is wanted", other.kind())),
        }
    }

    fn id(&mut self, name: &str) -> Result<Vec<u8>, Reason> {
        let text = self.text(name)?;
        let digits = text.bytes().map(|b| char::from(b).to_digit(16)).collect::<Option<Vec<_>>>();
        match digits {
            Some(digits) if digits.len().is_multiple_of(2) => Ok(digits
                .chunks_exact(2)
                .map(|pair| pair.iter().fold(0, |byte, digit| byte << 4 | *digit))
                .map(|byte| u8::try_from(byte).unwrap_or(u8::MAX))
                .collect()),
            _ => Err(format!("`{name}` is not hexadecimal")),
        }
    }

    fn integer<T: TryFrom<i128>>(&mut self, name: &str) -> Result<T, Reason> {
        integer(self.take(name), name)
    }

    fn double(&mut self, name: &str) -> Result<f64, Reason> {
        double(self.take(name), name)
    }

    fn optional_double(&mut self, name: &str) -> Result<Option<f64>, Reason> {
        match self.take(name) {
            Json::Null => Ok(None),
            value => double(value, name).map(Some),
        }
    }

    fn boolean(&mut self, name: &str) -> Result<bool, Reason> {
        match self.take(name) {
            Json::Null => Ok(false),
            Json::Bool(value) => Ok(value),
            other => Err(format!("`{name}` is {}, a boolean is wanted", other.kind())),
        }
    }

    fn list<T>(
        &mut self,
        name: &str,
        one: impl Fn(Json) -> Result<T, Reason>,
    ) -> Result<Vec<T>, Reason> {
        match self.take(name) {
            Json::Null => Ok(Vec::new()),
            Json::Array(items) => items.into_iter().map(one).collect(),
            other => Err(format!("`{name}` is {}, an array is wanted", other.kind())),
        }
    }

    fn optional<T>(
        &mut self,
        name: &str,
        one: impl Fn(Json) -> Result<T, Reason>,
    ) -> Result<Option<T>, Reason> {
        match self.take(name) {
            Json::Null => Ok(None),
            value => one(value).map(Some),
        }
    }
}

/// An integer as number or decimal string; a number with a fraction or beyond its type is refused.
fn integer<T: TryFrom<i128>>(json: Json, name: &str) -> Result<T, Reason> {
    let wrong = |what: &str| format!("`{name}` is {what}, an integer is wanted");
    let value: i128 = match json {
        Json::Null => 0,
        Json::Signed(value) => value.into(),
        Json::Unsigned(value) => value.into(),
        // JavaScript writes whole numbers beyond 2^53 with an exponent; within it `1.0` is exact.
        Json::Double(value) if value.fract() == 0.0 && value.abs() <= 9_007_199_254_740_992.0 => {
            #[allow(clippy::cast_possible_truncation, reason = "a whole number within 2^53")]
            let whole = value as i64;
            whole.into()
        }
        Json::Double(value) => return Err(wrong(&format!("{value:e}"))),
        Json::Text(text) => text.parse().map_err(|_| wrong("a text that is no integer"))?,
        other => return Err(wrong(other.kind())),
    };
    T::try_from(value).map_err(|_| format!("`{name}` is {value}, which is out of range"))
}

#[allow(clippy::cast_precision_loss, reason = "proto3 JSON reads any number into a double")]
fn double(json: Json, name: &str) -> Result<f64, Reason> {
    match json {
        Json::Null => Ok(0.0),
        Json::Signed(value) => Ok(value as f64),
        Json::Unsigned(value) => Ok(value as f64),
        Json::Double(value) => Ok(value),
        Json::Text(text) => match text.as_str() {
            "NaN" => Ok(f64::NAN),
            "Infinity" => Ok(f64::INFINITY),
            "-Infinity" => Ok(f64::NEG_INFINITY),
            number => number.parse().map_err(|_| format!("`{name}` is a text that is no number")),
        },
        other => Err(format!("`{name}` is {}, a number is wanted", other.kind())),
    }
}

fn any_value(json: Json) -> Result<AnyValue, Reason> {
    let mut members = Members::of(json, "a value")?;
    let name = [
        "stringValue",
        "boolValue",
        "intValue",
        "doubleValue",
        "arrayValue",
        "kvlistValue",
        "bytesValue",
    ]
    .into_iter()
    .find(|name| members.0.iter().any(|(member, value)| member == name && *value != Json::Null));
    let Some(name) = name else { return Ok(AnyValue { value: None }) };
    let value = match name {
        "stringValue" => any_value::Value::StringValue(members.text(name)?),
        "boolValue" => any_value::Value::BoolValue(members.boolean(name)?),
        "intValue" => any_value::Value::IntValue(members.integer(name)?),
        "doubleValue" => any_value::Value::DoubleValue(members.double(name)?),
        "arrayValue" => {
            let mut array = Members::of(members.take(name), name)?;
            any_value::Value::ArrayValue(ArrayValue { values: array.list("values", any_value)? })
        }
        "kvlistValue" => {
            let mut list = Members::of(members.take(name), name)?;
            any_value::Value::KvlistValue(KeyValueList { values: list.list("values", key_value)? })
        }
        _ => {
            // proto3 JSON lets writers use the URL-safe alphabet.
            let text = members.text(name)?.replace('-', "+").replace('_', "/");
            let bytes = BASE64.decode(text).map_err(|_| format!("`{name}` is not base64"))?;
            any_value::Value::BytesValue(bytes)
        }
    };
    Ok(AnyValue { value: Some(value) })
}

fn key_value(json: Json) -> Result<KeyValue, Reason> {
    let mut members = Members::of(json, "an attribute")?;
    let value = members.optional("value", any_value)?;
    Ok(KeyValue { key: members.text("key")?, value, key_strindex: 0 })
}

fn attributes(members: &mut Members) -> Result<Vec<KeyValue>, Reason> {
    members.list("attributes", key_value)
}

pub(crate) fn resource(json: Json) -> Result<Resource, Reason> {
    let mut members = Members::of(json, "the resource")?;
    Ok(Resource {
        attributes: attributes(&mut members)?,
        dropped_attributes_count: members.integer("droppedAttributesCount")?,
        entity_refs: Vec::new(),
    })
}

pub(crate) fn scope(json: Json) -> Result<InstrumentationScope, Reason> {
    let mut members = Members::of(json, "the scope")?;
    Ok(InstrumentationScope {
        name: members.text("name")?,
        version: members.text("version")?,
        attributes: attributes(&mut members)?,
        dropped_attributes_count: members.integer("droppedAttributesCount")?,
    })
}

pub(crate) fn span(json: Json) -> Result<Span, Reason> {
    let mut members = Members::of(json, "the span")?;
    Ok(Span {
        trace_id: members.id("traceId")?,
        span_id: members.id("spanId")?,
        trace_state: members.text("traceState")?,
        parent_span_id: members.id("parentSpanId")?,
        flags: members.integer("flags")?,
        name: members.text("name")?,
        kind: members.integer("kind")?,
        start_time_unix_nano: members.integer("startTimeUnixNano")?,
        end_time_unix_nano: members.integer("endTimeUnixNano")?,
        attributes: attributes(&mut members)?,
        dropped_attributes_count: members.integer("droppedAttributesCount")?,
        events: members.list("events", event)?,
        dropped_events_count: members.integer("droppedEventsCount")?,
        links: members.list("links", link)?,
        dropped_links_count: members.integer("droppedLinksCount")?,
        status: members.optional("status", status)?,
    })
}

fn event(json: Json) -> Result<span::Event, Reason> {
    let mut members = Members::of(json, "an event")?;
    Ok(span::Event {
        time_unix_nano: members.integer("timeUnixNano")?,
        name: members.text("name")?,
        attributes: attributes(&mut members)?,
        dropped_attributes_count: members.integer("droppedAttributesCount")?,
    })
}

fn link(json: Json) -> Result<span::Link, Reason> {
    let mut members = Members::of(json, "a link")?;
    Ok(span::Link {
        trace_id: members.id("traceId")?,
        span_id: members.id("spanId")?,
        trace_state: members.text("traceState")?,
        attributes: attributes(&mut members)?,
        dropped_attributes_count: members.integer("droppedAttributesCount")?,
        flags: members.integer("flags")?,
    })
}

fn status(json: Json) -> Result<Status, Reason> {
    let mut members = Members::of(json, "the status")?;
    Ok(Status { message: members.text("message")?, code: members.integer("code")? })
}

pub(crate) fn log(json: Json) -> Result<LogRecord, Reason> {
    let mut members = Members::of(json, "the log record")?;
    Ok(LogRecord {
        time_unix_nano: members.integer("timeUnixNano")?,
        observed_time_unix_nano: members.integer("observedTimeUnixNano")?,
        severity_number: members.integer("severityNumber")?,
        severity_text: members.text("severityText")?,
        body: members.optional("body", any_value)?,
        attributes: attributes(&mut members)?,
        dropped_attributes_count: members.integer("droppedAttributesCount")?,
        flags: members.integer("flags")?,
        trace_id: members.id("traceId")?,
        span_id: members.id("spanId")?,
        event_name: members.text("eventName")?,
    })
}

pub(crate) fn metric(json: Json) -> Result<Metric, Reason> {
    let mut members = Members::of(json, "the metric")?;
    let data = match members.take("gauge") {
        Json::Null => match members.take("sum") {
            Json::Null => histogram_or_summary(&mut members)?,
            sum => {
                let mut sum = Members::of(sum, "sum")?;
                Some(metric::Data::Sum(Sum {
                    data_points: sum.list("dataPoints", number)?,
                    aggregation_temporality: sum.integer("aggregationTemporality")?,
                    is_monotonic: sum.boolean("isMonotonic")?,
                }))
            }
        },
        gauge => {
            let mut gauge = Members::of(gauge, "gauge")?;
            Some(metric::Data::Gauge(Gauge { data_points: gauge.list("dataPoints", number)? }))
        }
    };
    Ok(Metric {
        name: members.text("name")?,
        description: members.text("description")?,
        unit: members.text("unit")?,
        metadata: members.list("metadata", key_value)?,
        data,
    })
}

fn histogram_or_summary(members: &mut Members) -> Result<Option<metric::Data>, Reason> {
    if let Some(data) = members.optional("histogram", |json| {
        let mut histogram = Members::of(json, "histogram")?;
        Ok(metric::Data::Histogram(Histogram {
            data_points: histogram.list("dataPoints", buckets)?,
            aggregation_temporality: histogram.integer("aggregationTemporality")?,
        }))
    })? {
        return Ok(Some(data));
    }
    if let Some(data) = members.optional("exponentialHistogram", |json| {
        let mut histogram = Members::of(json, "exponentialHistogram")?;
        Ok(metric::Data::ExponentialHistogram(ExponentialHistogram {
            data_points: histogram.list("dataPoints", exponential)?,
            aggregation_temporality: histogram.integer("aggregationTemporality")?,
        }))
    })? {
        return Ok(Some(data));
    }
    members.optional("summary", |json| {
        let mut summary = Members::of(json, "summary")?;
        Ok(metric::Data::Summary(Summary { data_points: summary.list("dataPoints", quantiles)? }))
    })
}

fn number(json: Json) -> Result<NumberDataPoint, Reason> {
    let mut members = Members::of(json, "a data point")?;
    let value = match members.take("asInt") {
        Json::Null => members.optional_double("asDouble")?.map(number_data_point::Value::AsDouble),
        value => Some(number_data_point::Value::AsInt(integer(value, "asInt")?)),
    };
    Ok(NumberDataPoint {
        attributes: attributes(&mut members)?,
        start_time_unix_nano: members.integer("startTimeUnixNano")?,
        time_unix_nano: members.integer("timeUnixNano")?,
        exemplars: members.list("exemplars", exemplar)?,
        flags: members.integer("flags")?,
        value,
    })
}

fn buckets(json: Json) -> Result<HistogramDataPoint, Reason> {
    let mut members = Members::of(json, "a data point")?;
    Ok(HistogramDataPoint {
        attributes: attributes(&mut members)?,
        start_time_unix_nano: members.integer("startTimeUnixNano")?,
        time_unix_nano: members.integer("timeUnixNano")?,
        count: members.integer("count")?,
        sum: members.optional_double("sum")?,
        bucket_counts: members.list("bucketCounts", |json| integer(json, "bucketCounts"))?,
        explicit_bounds: members.list("explicitBounds", |json| double(json, "explicitBounds"))?,
        exemplars: members.list("exemplars", exemplar)?,
        flags: members.integer("flags")?,
        min: members.optional_double("min")?,
        max: members.optional_double("max")?,
    })
}

fn exponential(json: Json) -> Result<ExponentialHistogramDataPoint, Reason> {
    let mut members = Members::of(json, "a data point")?;
    let buckets = |json| {
        let mut members = Members::of(json, "buckets")?;
        Ok(Buckets {
            offset: members.integer("offset")?,
            bucket_counts: members.list("bucketCounts", |json| integer(json, "bucketCounts"))?,
        })
    };
    Ok(ExponentialHistogramDataPoint {
        attributes: attributes(&mut members)?,
        start_time_unix_nano: members.integer("startTimeUnixNano")?,
        time_unix_nano: members.integer("timeUnixNano")?,
        count: members.integer("count")?,
        sum: members.optional_double("sum")?,
        scale: members.integer("scale")?,
        zero_count: members.integer("zeroCount")?,
        positive: members.optional("positive", buckets)?,
        negative: members.optional("negative", buckets)?,
        flags: members.integer("flags")?,
        exemplars: members.list("exemplars", exemplar)?,
        min: members.optional_double("min")?,
        max: members.optional_double("max")?,
        zero_threshold: members.double("zeroThreshold")?,
    })
}

fn quantiles(json: Json) -> Result<SummaryDataPoint, Reason> {
    let mut members = Members::of(json, "a data point")?;
    Ok(SummaryDataPoint {
        attributes: attributes(&mut members)?,
        start_time_unix_nano: members.integer("startTimeUnixNano")?,
        time_unix_nano: members.integer("timeUnixNano")?,
        count: members.integer("count")?,
        sum: members.double("sum")?,
        quantile_values: members.list("quantileValues", |json| {
            let mut members = Members::of(json, "a quantile")?;
            Ok(ValueAtQuantile {
                quantile: members.double("quantile")?,
                value: members.double("value")?,
            })
        })?,
        flags: members.integer("flags")?,
    })
}

fn exemplar(json: Json) -> Result<Exemplar, Reason> {
    let mut members = Members::of(json, "an exemplar")?;
    let value = match members.take("asInt") {
        Json::Null => members.optional_double("asDouble")?.map(exemplar::Value::AsDouble),
        value => Some(exemplar::Value::AsInt(integer(value, "asInt")?)),
    };
    Ok(Exemplar {
        filtered_attributes: members.list("filteredAttributes", key_value)?,
        time_unix_nano: members.integer("timeUnixNano")?,
        span_id: members.id("spanId")?,
        trace_id: members.id("traceId")?,
        value,
    })
}
