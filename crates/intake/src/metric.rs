//! Metrics: one record a data point.

use opentelemetry_proto::tonic::metrics::v1::{
    Exemplar, ExponentialHistogramDataPoint, HistogramDataPoint, Metric, NumberDataPoint,
    SummaryDataPoint, exemplar, exponential_histogram_data_point::Buckets, metric::Data,
    number_data_point,
};
use store_traits::{Object, Value};

use crate::any_value::Reason;
use crate::message::{
    Context, put_attributes, put_count, put_id, put_int, put_list, put_text, put_time,
};

/// The data points of a metric, each as the `source` of a record.
pub(crate) fn data_points(metric: Metric, context: &Context) -> Vec<Result<Object, Reason>> {
    let Metric { name, description, unit, metadata, data } = metric;
    let mut about = Object::new();
    put_text(&mut about, "name", name);
    put_text(&mut about, "description", description);
    put_text(&mut about, "unit", unit);
    if let Err(reason) = put_attributes(&mut about, metadata) {
        return vec![Err(reason)];
    }
    let mut kind = |name: &str, temporality: i32, monotonic: bool| {
        about.insert("type", name.into());
        put_int(&mut about, "temporality", i64::from(temporality));
        if monotonic {
            about.insert("monotonic", true.into());
        }
        let mut source = context.members();
        source.insert("metric", about.clone().into());
        source
    };
    match data {
        None => vec![Err("the metric has no data".to_owned())],
        Some(Data::Gauge(gauge)) => {
            let source = kind("gauge", 0, false);
            gauge.data_points.into_iter().map(|p| number(p, source.clone())).collect()
        }
        Some(Data::Sum(sum)) => {
            let source = kind("sum", sum.aggregation_temporality, sum.is_monotonic);
            sum.data_points.into_iter().map(|p| number(p, source.clone())).collect()
        }
        Some(Data::Histogram(histogram)) => {
            let source = kind("histogram", histogram.aggregation_temporality, false);
            histogram.data_points.into_iter().map(|p| buckets(p, source.clone())).collect()
        }
        Some(Data::ExponentialHistogram(histogram)) => {
            let source = kind("exponential_histogram", histogram.aggregation_temporality, false);
            histogram.data_points.into_iter().map(|p| exponential(p, source.clone())).collect()
        }
        Some(Data::Summary(summary)) => {
            let source = kind("summary", 0, false);
            summary.data_points.into_iter().map(|p| quantiles(p, source.clone())).collect()
        }
    }
}

fn number(point: NumberDataPoint, mut source: Object) -> Result<Object, Reason> {
    put_attributes(&mut source, point.attributes)?;
    put_time(&mut source, "start", point.start_time_unix_nano)?;
    put_time(&mut source, "time", point.time_unix_nano)?;
    put_list(&mut source, "exemplars", point.exemplars, exemplar)?;
    put_count(&mut source, "flags", point.flags);
    let value = match point.value {
        None => return Ok(source),
        Some(number_data_point::Value::AsDouble(value)) => Value::f64(value),
        Some(number_data_point::Value::AsInt(value)) => Value::integer(value),
    };
    source.insert("value", value);
    Ok(source)
}

fn buckets(point: HistogramDataPoint, mut source: Object) -> Result<Object, Reason> {
    put_attributes(&mut source, point.attributes)?;
    put_time(&mut source, "start", point.start_time_unix_nano)?;
    put_time(&mut source, "time", point.time_unix_nano)?;
    source.insert("count", Value::unsigned(point.count));
    put_double(&mut source, "sum", point.sum);
    put_double(&mut source, "min", point.min);
    put_double(&mut source, "max", point.max);
    put_counts(&mut source, "bucket_counts", &point.bucket_counts);
    if !point.explicit_bounds.is_empty() {
        let bounds: Vec<Value> = point.explicit_bounds.into_iter().map(Value::f64).collect();
        source.insert("explicit_bounds", bounds.into());
    }
    put_list(&mut source, "exemplars", point.exemplars, exemplar)?;
    put_count(&mut source, "flags", point.flags);
    Ok(source)
}

fn exponential(point: ExponentialHistogramDataPoint, mut source: Object) -> Result<Object, Reason> {
    put_attributes(&mut source, point.attributes)?;
    put_time(&mut source, "start", point.start_time_unix_nano)?;
    put_time(&mut source, "time", point.time_unix_nano)?;
    source.insert("count", Value::unsigned(point.count));
    put_double(&mut source, "sum", point.sum);
    put_double(&mut source, "min", point.min);
    put_double(&mut source, "max", point.max);
    put_int(&mut source, "scale", i64::from(point.scale));
    source.insert("zero_count", Value::unsigned(point.zero_count));
    put_double(&mut source, "zero_threshold", Some(point.zero_threshold).filter(|t| *t != 0.0));
    for (name, buckets) in [("positive", point.positive), ("negative", point.negative)] {
        if let Some(Buckets { offset, bucket_counts }) = buckets {
            let mut members = Object::new();
            put_int(&mut members, "offset", i64::from(offset));
            put_counts(&mut members, "bucket_counts", &bucket_counts);
            source.insert(name, members.into());
        }
    }
    put_list(&mut source, "exemplars", point.exemplars, exemplar)?;
    put_count(&mut source, "flags", point.flags);
    Ok(source)
}

fn quantiles(point: SummaryDataPoint, mut source: Object) -> Result<Object, Reason> {
    put_attributes(&mut source, point.attributes)?;
    put_time(&mut source, "start", point.start_time_unix_nano)?;
    put_time(&mut source, "time", point.time_unix_nano)?;
    source.insert("count", Value::unsigned(point.count));
    put_double(&mut source, "sum", Some(point.sum));
    put_list(&mut source, "quantiles", point.quantile_values, |quantile| {
        Ok(Object::from([
            ("quantile", Value::f64(quantile.quantile)),
            ("value", Value::f64(quantile.value)),
        ]))
    })?;
    put_count(&mut source, "flags", point.flags);
    Ok(source)
}

fn exemplar(exemplar: Exemplar) -> Result<Object, Reason> {
    let mut members = Object::new();
    put_attributes(&mut members, exemplar.filtered_attributes)?;
    put_time(&mut members, "time", exemplar.time_unix_nano)?;
    put_id(&mut members, "trace_id", &exemplar.trace_id, 16)?;
    put_id(&mut members, "span_id", &exemplar.span_id, 8)?;
    let value = match exemplar.value {
        None => return Ok(members),
        Some(exemplar::Value::AsDouble(value)) => Value::f64(value),
        Some(exemplar::Value::AsInt(value)) => Value::integer(value),
    };
    members.insert("value", value);
    Ok(members)
}

fn put_double(into: &mut Object, name: &str, value: Option<f64>) {
    if let Some(value) = value {
        into.insert(name, Value::f64(value));
    }
}

fn put_counts(into: &mut Object, name: &str, counts: &[u64]) {
    if !counts.is_empty() {
        let counts: Vec<Value> = counts.iter().copied().map(Value::unsigned).collect();
        into.insert(name, counts.into());
    }
}
