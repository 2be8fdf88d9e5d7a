//! Os fatos do capítulo: o lote e a janela de cada origem, os limites do mapeamento e o que a *execution role* precisa poder.

use std::time::Duration;

use kit::key::{Key, largest};
use kit::text::{bytes, duration, thousands};
use polling_invocation::batching::{EventSource, PAYLOAD_LIMIT};
use polling_invocation::kafka_mq::{Cluster, KafkaRequest, MAXIMUM_REDELIVERIES, retry_limit};
use polling_invocation::permissions::{LOGS, MskAuth, NETWORK, Need, Secret, Source, Target, required};
use polling_invocation::queue::Attributes;
use polling_invocation::sqs::{EventSourceMapping, concurrency, recommended_visibility_timeout};
use polling_invocation::streams::{StreamConfig, StreamRequest};

const MINUTE: Duration = Duration::from_secs(60);
const DAY: u64 = 24 * 60 * 60;

/// Acrescenta os fatos à chave.
pub fn add(key: Key) -> Key {
    permissions(streams(queues(batches(key))))
}

/// As origens que a folha mostra juntas têm os mesmos limites.
fn batches(key: Key) -> Key {
    use EventSource as S;
    let groups: [(&str, &[EventSource]); 5] = [
        ("sqs", &[S::SqsStandard]),
        ("fifo", &[S::SqsFifo]),
        ("stream", &[S::Kinesis, S::DynamoDbStreams]),
        ("kafka", &[S::Msk, S::SelfManagedKafka]),
        ("mq", &[S::ActiveMq, S::RabbitMq]),
    ];
    let key = groups.into_iter().fold(key, |key, (name, sources)| {
        let limits = sources[0].limits();
        assert!(sources.iter().all(|source| source.limits() == limits), "{name}: as origens não têm os mesmos limites");
        let window = limits.maximum_window.map_or("—".to_owned(), duration);
        key.fact(&format!("{name}-batch"), thousands(limits.default_batch_size))
            .fact(&format!("{name}-largest-batch"), thousands(limits.maximum_batch_size))
            .fact(
                &format!("{name}-window"),
                if limits.maximum_window.is_some() { duration(limits.default_window) } else { window.clone() },
            )
            .fact(&format!("{name}-longest-window"), window)
    });
    key.fact("payload", bytes(PAYLOAD_LIMIT))
}

fn queues(key: Key) -> Key {
    let second = Duration::from_secs(1);
    let factor = recommended_visibility_timeout(second, Duration::ZERO).as_secs() / second.as_secs();
    let limit = |minutes: u32| concurrency(None, minutes * MINUTE, None);
    let accepts = |maximum: u64| EventSourceMapping::new(MINUTE, second, 1, Some(maximum.cast_signed())).is_ok();
    let smallest = (1..).find(|maximum| accepts(*maximum)).unwrap_or_default();
    let greatest = smallest + largest(1_000_000, |more| accepts(smallest + more));
    key.fact("visibility-factor", factor.to_string())
        .fact("visibility", duration(Attributes::default().visibility_timeout))
        .fact("initial-concurrency", thousands(limit(0)))
        .fact("concurrency-per-minute", thousands(limit(1) - limit(0)))
        .fact("largest-concurrency", thousands(limit(24 * 60)))
        .fact(
            "maximum-concurrency",
            format!("{smallest} a {}", thousands(usize::try_from(greatest).unwrap_or(usize::MAX))),
        )
}

fn streams(key: Key) -> Key {
    let accepts = |request: StreamRequest| StreamConfig::new(&request).is_ok();
    let retries =
        |value: u64| StreamRequest { maximum_retry_attempts: Some(value.cast_signed()), ..StreamRequest::default() };
    let age = |value: u64| StreamRequest {
        maximum_record_age_in_seconds: Some(value.cast_signed()),
        ..StreamRequest::default()
    };
    let factor =
        |value: u64| StreamRequest { parallelization_factor: Some(value.cast_signed()), ..StreamRequest::default() };
    let most_retries = largest(1_000_000, |value| accepts(retries(value)));
    let youngest = (1..=DAY).find(|value| accepts(age(*value))).unwrap_or_default();
    let oldest = youngest + largest(365 * DAY, |more| accepts(age(youngest + more)));
    let most_lanes = 1 + largest(1_000, |more| accepts(factor(1 + more)));
    let default = StreamConfig::new(&StreamRequest::default()).expect("os padrões servem");
    let unlimited = |limited: bool| if limited { "com limite" } else { "sem limite" };
    let kafka =
        KafkaRequest { cluster: Cluster::Msk, consumption_mode: None, maximum_retry_attempts: None, on_failure: true };
    let with_target = retry_limit(&kafka).expect("os padrões servem");
    let number = |value: u64| thousands(usize::try_from(value).unwrap_or(usize::MAX));
    key.fact("record-retries", format!("0 a {}", number(most_retries)))
        .fact("default-record-retries", unlimited(default.maximum_retry_attempts.is_some()))
        .fact("record-age", format!("{} a {} dias", duration(Duration::from_secs(youngest)), oldest / DAY))
        .fact("default-record-age", unlimited(default.maximum_record_age.is_some()))
        .fact("parallelization", format!("1 a {most_lanes}"))
        .fact("kafka-retries", with_target.map_or("sem limite".to_owned(), |limit| limit.to_string()))
        .fact("redeliveries", MAXIMUM_REDELIVERIES.to_string())
}

/// O que o papel precisa poder além do que toda função precisa para escrever o seu log.
fn permissions(key: Key) -> Key {
    let secret = || Secret {
        arn: "arn:aws:secretsmanager:sa-east-1:123456789012:secret:broker".to_owned(),
        customer_key: false,
    };
    let msk = Source::Msk { serverless: false, cross_account: false, auth: MskAuth::None };
    let kafka = Source::SelfManagedKafka { vpc: true, secret: Some(secret()) };
    let sources = [
        ("sqs", Source::Sqs { customer_key: false }),
        ("kinesis", Source::Kinesis(String::new())),
        ("dynamodb", Source::DynamoDb(String::new())),
        ("msk", msk),
        ("kafka", kafka),
        ("mq", Source::AmazonMq(secret())),
    ];
    let sqs = required(&Source::Sqs { customer_key: false }, None);
    let targets = [
        ("queue", Target::Queue),
        ("topic", Target::Topic),
        ("bucket", Target::Bucket),
        ("kafka-topic", Target::KafkaTopic),
    ];
    let key = key
        .fact("role-logs", actions(&LOGS.map(|action| vec![action]), &[]))
        .fact("role-network", actions(&NETWORK.map(|action| vec![action]), &[]));
    let shared: Vec<&str> = LOGS.into_iter().chain(NETWORK).collect();
    let key = sources.into_iter().fold(key, |key, (name, source)| {
        let needs = required(&source, None);
        key.fact(&format!("role-{name}"), actions(&needs, &shared))
    });
    targets.into_iter().fold(key, |key, (name, target)| {
        let needs: Vec<Need> = required(&Source::Sqs { customer_key: false }, Some(target))
            .into_iter()
            .filter(|need| !sqs.contains(need))
            .collect();
        key.fact(&format!("target-{name}"), actions(&needs, &[]))
    })
}

/// As ações, com o serviço dito só na primeira de cada um; o que está em `shared` fica de fora.
fn actions(needs: &[Need], shared: &[&str]) -> String {
    let mut services: Vec<(&str, Vec<String>)> = Vec::new();
    for need in needs.iter().filter(|need| !need.iter().all(|action| shared.contains(action))) {
        let Some((service, _)) = need[0].split_once(':') else { continue };
        let names: Vec<&str> =
            need.iter().map(|action| action.split_once(':').map_or(*action, |(_, name)| name)).collect();
        let name = names.join(" ou ");
        match services.iter_mut().find(|(each, _)| *each == service) {
            Some((_, group)) => group.push(name),
            None => services.push((service, vec![name])),
        }
    }
    let group = |(service, names): &(&str, Vec<String>)| format!("`{service}:` {}", names.join(", "));
    services.iter().map(group).collect::<Vec<_>>().join("; ")
}
