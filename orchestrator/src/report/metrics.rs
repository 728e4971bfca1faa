//! How the fleet stands, for Prometheus: the text that node_exporter's textfile collector reads, with names as Prometheus
//! wants them (base units, `_timestamp_seconds`, `_info`).

use jiff::Timestamp;
use prometheus::{GaugeVec, Opts, Registry, TextEncoder};

use crate::{
    error::{Error, ErrorKind, Result},
    status::{Health, Look},
};

/// The whole look.
///
/// # Errors
/// When the metrics contradict each other, which is a defect.
pub fn metrics(look: &Look) -> Result<String> {
    text(look).map_err(|error| {
        Error::new(ErrorKind::Internal, "METRICS", "the metrics cannot be written")
            .cause(error)
            .hint("This is a defect of phoenix-orch; please report it.")
    })
}

fn text(look: &Look) -> prometheus::Result<String> {
    let registry = Registry::new();
    let gauge = |name: &str, help: &str, labels: &[&str]| {
        let gauge = GaugeVec::new(Opts::new(format!("phoenix_orch_{name}"), help), labels)?;
        registry.register(Box::new(gauge.clone()))?;
        Ok::<_, prometheus::Error>(gauge)
    };
    let info = gauge("build_info", "The version of phoenix-orch, always 1.", &["version"])?;
    info.with_label_values(&[&look.version]).set(1.0);
    let steps = gauge("step_info", "The steps that look, always 1.", &["step", "version"])?;
    for (step, version) in &look.steps {
        steps.with_label_values(&[step, version]).set(1.0);
    }
    gauge("status_timestamp_seconds", "When the fleet was looked at.", &[])?
        .with_label_values::<&str>(&[])
        .set(seconds(look.at));
    gauge("status_duration_seconds", "How long that took.", &[])?
        .with_label_values::<&str>(&[])
        .set(of_millis(look.took_ms));

    let health = gauge(
        "target_health",
        "How the target is: 1 for the one health that it has.",
        &["target", "health"],
    )?;
    let of_target = |name: &str, help: &str| gauge(&format!("target_{name}"), help, &["target"]);
    let changes = of_target("pending_changes", "How many changes a run would make now.")?;
    let since =
        of_target("health_since_timestamp_seconds", "When it was first seen in this health.")?;
    let good =
        of_target("last_success_timestamp_seconds", "When it was last known to be as wanted.")?;
    let ended = of_target("last_run_timestamp_seconds", "When the last run on it ended.")?;
    let took = of_target("last_run_duration_seconds", "How long its units took in the last run.")?;
    let success = of_target("last_run_success", "Whether the last run on it went well.")?;
    for target in &look.targets {
        let name = target.target.as_str();
        for one in Health::ALL {
            let is = f64::from(u8::from(one == target.health));
            health.with_label_values(&[name, one.word()]).set(is);
        }
        #[expect(clippy::cast_precision_loss, reason = "nobody plans 2^52 changes")]
        changes.with_label_values(&[name]).set(target.changes as f64);
        since.with_label_values(&[name]).set(seconds(target.since));
        let now_good = (target.health == Health::Converged).then_some(look.at);
        if let Some(at) = now_good.or(target.last_good) {
            good.with_label_values(&[name]).set(seconds(at));
        }
        if let Some(last) = &target.last_run {
            ended.with_label_values(&[name]).set(seconds(last.ended));
            took.with_label_values(&[name]).set(of_millis(last.took_ms));
            success.with_label_values(&[name]).set(f64::from(u8::from(last.failure.is_none())));
        }
    }
    TextEncoder::new().encode_to_string(&registry.gather())
}

#[expect(clippy::cast_precision_loss, reason = "milliseconds fit into 52 bits for 140,000 years")]
fn seconds(at: Timestamp) -> f64 {
    at.as_millisecond() as f64 / 1000.0
}

#[expect(clippy::cast_precision_loss, reason = "as above")]
fn of_millis(millis: u64) -> f64 {
    millis as f64 / 1000.0
}

#[cfg(test)]
mod tests {
    use super::metrics;
    use crate::{report::status::tests::look, status::Health};

    #[test]
    fn what_the_collector_reads() {
        let mut look = look();
        look.targets.retain(|target| target.health == Health::Drifted);
        look.targets[0].target = "a\"b\\".into();
        look.steps.insert("fuse-overlayfs".into(), "0.1.0".into());
        insta::assert_snapshot!(metrics(&look).unwrap(), @r#"
        # HELP phoenix_orch_build_info The version of phoenix-orch, always 1.
        # TYPE phoenix_orch_build_info gauge
        phoenix_orch_build_info{version="0.1.0"} 1
        # HELP phoenix_orch_status_duration_seconds How long that took.
        # TYPE phoenix_orch_status_duration_seconds gauge
        phoenix_orch_status_duration_seconds 0.48
        # HELP phoenix_orch_status_timestamp_seconds When the fleet was looked at.
        # TYPE phoenix_orch_status_timestamp_seconds gauge
        phoenix_orch_status_timestamp_seconds 1795921200
        # HELP phoenix_orch_step_info The steps that look, always 1.
        # TYPE phoenix_orch_step_info gauge
        phoenix_orch_step_info{step="fuse-overlayfs",version="0.1.0"} 1
        # HELP phoenix_orch_target_health How the target is: 1 for the one health that it has.
        # TYPE phoenix_orch_target_health gauge
        phoenix_orch_target_health{health="converged",target="a\"b\\"} 0
        phoenix_orch_target_health{health="drifted",target="a\"b\\"} 1
        phoenix_orch_target_health{health="failed",target="a\"b\\"} 0
        phoenix_orch_target_health{health="not_confined",target="a\"b\\"} 0
        phoenix_orch_target_health{health="unreachable",target="a\"b\\"} 0
        # HELP phoenix_orch_target_health_since_timestamp_seconds When it was first seen in this health.
        # TYPE phoenix_orch_target_health_since_timestamp_seconds gauge
        phoenix_orch_target_health_since_timestamp_seconds{target="a\"b\\"} 1795834800
        # HELP phoenix_orch_target_last_run_duration_seconds How long its units took in the last run.
        # TYPE phoenix_orch_target_last_run_duration_seconds gauge
        phoenix_orch_target_last_run_duration_seconds{target="a\"b\\"} 61.5
        # HELP phoenix_orch_target_last_run_success Whether the last run on it went well.
        # TYPE phoenix_orch_target_last_run_success gauge
        phoenix_orch_target_last_run_success{target="a\"b\\"} 1
        # HELP phoenix_orch_target_last_run_timestamp_seconds When the last run on it ended.
        # TYPE phoenix_orch_target_last_run_timestamp_seconds gauge
        phoenix_orch_target_last_run_timestamp_seconds{target="a\"b\\"} 1795748400
        # HELP phoenix_orch_target_last_success_timestamp_seconds When it was last known to be as wanted.
        # TYPE phoenix_orch_target_last_success_timestamp_seconds gauge
        phoenix_orch_target_last_success_timestamp_seconds{target="a\"b\\"} 1795748400
        # HELP phoenix_orch_target_pending_changes How many changes a run would make now.
        # TYPE phoenix_orch_target_pending_changes gauge
        phoenix_orch_target_pending_changes{target="a\"b\\"} 2
        "#);
    }
}
