//! Os testes do passo `fan_out`: os limites da política, o filtro, a forma da entrega, as novas tentativas e a publicação.

use std::collections::BTreeMap;
use std::time::Duration;

use event_driven::fan_out::{Ending, accepts, attribute_values, check, notification, publish};
use event_driven::filter_policy::FilterPolicyScope;
use event_driven::topic::{Attribute, DeliveryPolicy, Endpoint, Notification, Publication, Subscription, TOPIC, Topic};
use kit::Timeline;
use kit::text::duration;
use rstest::rstest;
use serde_json::{Value, json};

use crate::support::subscribers::{
    ARCHIVE, ATTRIBUTES, BODY, DEAD_LETTERS, LONG, RADIO, SMS, array, arrivals, example_endpoints,
    example_subscriptions, finish, message, number, policy, subscription, text, words,
};
use crate::support::{expect_same, list};

fn seconds(instants: &[Duration]) -> String {
    list(&instants.iter().map(|instant| duration(*instant)).collect::<Vec<_>>(), "nunca")
}

/// Até 5 chaves e 150 combinações: o produto, pelas folhas, das regras vezes a profundidade.
#[rstest]
#[case::five_keys(json!({"a": words(30), "b": ["x"], "c": ["x"], "d": ["x"], "e": words(5)}), ATTRIBUTES)]
#[case::nested_example(json!({"a": {"b": {"c": words(4)}}, "d": {"e": words(3)}}), BODY)]
#[case::five_leaves_in_one_parent(json!({"a": {"b": ["x"], "c": ["x"], "d": ["x"], "e": ["x"], "f": ["x"]}}), BODY)]
fn a_policy_within_the_limits_is_accepted(#[case] value: Value, #[case] scope: FilterPolicyScope) {
    let got = check(&policy(&value), scope);
    expect_same!(got, Ok(()), "{value}, em {scope:?}, cabe nos limites do SNS; a sua função respondeu {got:?}");
}

/// Fora dos limites, o SNS recusa com 400 e diz qual.
#[rstest]
#[case::a_key_too_many(
    json!({"a": ["x"], "b": ["x"], "c": ["x"], "d": ["x"], "e": ["x"], "f": ["x"]}), ATTRIBUTES,
    "Invalid parameter: FilterPolicy: Filter policy can not have more than 5 keys"
)]
#[case::six_leaves_in_two_parents(
    json!({"a": {"b": ["x"], "c": ["x"], "d": ["x"]}, "e": {"f": ["x"], "g": ["x"], "h": ["x"]}}), BODY,
    "Invalid parameter: FilterPolicy: Filter policy can not have more than 5 keys"
)]
#[case::a_word_too_many(
    json!({"kind": words(151)}), ATTRIBUTES, "Invalid parameter: FilterPolicy: Filter policy is too complex"
)]
#[case::depth_multiplies(
    json!({"a": {"b": {"c": words(51)}}}), BODY, "Invalid parameter: FilterPolicy: Filter policy is too complex"
)]
#[case::every_depth_multiplies(
    json!({"a": {"b": {"c": words(4)}}, "d": {"e": words(3)}, "f": words(3)}), BODY,
    "Invalid parameter: FilterPolicy: Filter policy is too complex"
)]
#[case::nested_on_attributes(
    json!({"area": {"region": ["serra"]}}), ATTRIBUTES,
    "Invalid parameter: Filter policy scope MessageAttributes does not support nested filter policy"
)]
fn a_policy_beyond_the_limits_is_refused(
    #[case] value: Value,
    #[case] scope: FilterPolicyScope,
    #[case] expected: &str,
) {
    let got = check(&policy(&value), scope).map_err(|error| error.message);
    let expected = Err(expected.to_owned());
    expect_same!(got, expected, "{value}, em {scope:?}: o SNS responde {expected:?}; a sua função, {got:?}");
}

/// O tipo que quem publicou declarou diz como o filtro lê o texto do atributo.
#[rstest]
#[case::text(text("7"), Some(vec![json!("7")]))]
#[case::number(number("7"), Some(vec![json!(7)]))]
#[case::list(array(r#"["serra-clara", 7, true, null]"#), Some(vec![json!("serra-clara"), json!(7), json!(true), json!(null)]))]
#[case::binary(Attribute::Binary(vec![55]), None)]
fn the_declared_type_says_how_an_attribute_is_read(#[case] attribute: Attribute, #[case] expected: Option<Vec<Value>>) {
    let got = attribute_values(&attribute);
    expect_same!(got, expected, "em {attribute:?} o filtro vê {expected:?}; a sua função viu {got:?}");
}

/// Nos atributos: todas as chaves, e em cada uma basta uma regra.
#[rstest]
#[case::one_rule_is_enough(json!({"kind": ["neve", "granizo"]}), true)]
#[case::every_key_counts(json!({"kind": ["granizo"], "severity": [{"numeric": [">=", 5]}]}), false)]
#[case::both_keys_match(json!({"kind": [{"prefix": "gra"}], "severity": [{"numeric": [">=", 3, "<", 5]}]}), true)]
#[case::one_of_the_list(json!({"cities": ["vale-verde"]}), true)]
#[case::another_one_in_the_list(json!({"cities": [{"anything-but": ["serra-clara"]}]}), true)]
#[case::absent_is_not_null(json!({"source": [null, {"anything-but": "radar"}]}), false)]
#[case::absent_on_purpose(json!({"source": ["radar", {"exists": false}]}), true)]
#[case::present(json!({"kind": [{"exists": true}], "severity": [{"exists": false}]}), false)]
#[case::binary_is_not_seen(json!({"photo": [{"anything-but": "radar"}]}), false)]
#[case::the_body_is_not_looked_at(json!({"station": ["escola"]}), false)]
fn attributes_are_filtered(#[case] value: Value, #[case] expected: bool) {
    let body = r#"{"station":"escola","kind":"chuva"}"#;
    let cities = array(r#"["serra-clara","vale-verde"]"#);
    let photo = Attribute::Binary(vec![1, 2]);
    let attributes = [("kind", text("granizo")), ("severity", number("4")), ("cities", cities), ("photo", photo)];
    let message = message(body, &attributes);
    let got = accepts(&policy(&value), ATTRIBUTES, &message);
    expect_same!(
        got,
        expected,
        "kind=granizo, severity=4 e cities=[serra-clara, vale-verde] {} por {value}; a sua função disse {got}",
        if expected { "passa" } else { "não passa" }
    );
}

/// No corpo: o caminho desce pelos objetos, e um corpo que não é um objeto JSON não passa por política nenhuma.
#[rstest]
#[case::nested(r#"{"area":{"region":"serra"},"severity":4}"#, json!({"area": {"region": ["serra"]}}), true)]
#[case::list_in_the_body(r#"{"area":{"cities":["serra-clara","vale-verde"]}}"#, json!({"area": {"cities": ["vale-verde"]}}), true)]
#[case::missing_branch_on_purpose(r#"{"severity":4}"#, json!({"area": {"region": [{"exists": false}]}}), true)]
#[case::null_is_a_value(r#"{"source":null}"#, json!({"source": ["radar", null]}), true)]
#[case::the_whole_path(r#"{"region":"serra","area":7}"#, json!({"area": {"region": ["serra"]}}), false)]
#[case::plain_text("granizo às 14h", json!({"kind": [{"exists": false}]}), false)]
#[case::json_list(r#"[{"kind":"granizo"}]"#, json!({"kind": [{"exists": false}]}), false)]
#[case::attributes_are_not_looked_at(r#"{"severity":4}"#, json!({"kind": ["granizo"]}), false)]
fn the_body_is_filtered(#[case] body: &str, #[case] value: Value, #[case] expected: bool) {
    let got = accepts(&policy(&value), BODY, &message(body, &[("kind", text("granizo"))]));
    expect_same!(
        got,
        expected,
        "com FilterPolicyScope MessageBody, o corpo `{body}` {} por {value}; a sua função disse {got}",
        if expected { "passa" } else { "não passa" }
    );
}

/// Com envelope, tudo vai dentro do corpo da mensagem da fila, também os atributos.
#[rstest]
fn the_envelope_carries_the_message_and_its_attributes() {
    let message = message(r#"{"kind":"granizo"}"#, &[("severity", number("4"))]);
    let got = notification(&message, false);
    let envelope: Value = serde_json::from_str(&got.body).unwrap_or_default();
    expect_same!(
        (&envelope["Type"], &envelope["Message"], &envelope["MessageAttributes"]["severity"]["Value"]),
        (&json!("Notification"), &json!(r#"{"kind":"granizo"}"#), &json!("4")),
        "sem RawMessageDelivery o corpo da mensagem da fila é o envelope do SNS; o seu foi `{}`",
        got.body
    );
    let outside: Vec<&String> = got.message_attributes.keys().collect();
    expect_same!(
        outside.len(),
        0,
        "com envelope os atributos vão dentro dele, e a mensagem da fila não tem nenhum; a sua tem {}",
        list(&outside, "nenhum")
    );
}

/// Sem envelope, a fila recebe o que foi publicado: o corpo é o corpo e os atributos são os dela.
#[rstest]
fn raw_delivery_is_the_publication_itself() {
    let photo = Attribute::Binary(vec![1, 2]);
    let message = message("granizo às 14h", &[("severity", number("4")), ("kind", text("granizo")), ("photo", photo)]);
    let got = notification(&message, true);
    let expected = Notification { body: "granizo às 14h".to_owned(), message_attributes: message.attributes };
    expect_same!(
        got,
        expected,
        "com RawMessageDelivery a fila recebe o corpo publicado e os atributos como atributos da mensagem dela; a sua \
         função entregou `{}` com {}",
        got.body,
        list(&got.message_attributes.keys().collect::<Vec<_>>(), "nenhum atributo")
    );
}

fn hail() -> Notification {
    Notification { body: "granizo".to_owned(), message_attributes: BTreeMap::new() }
}

/// Erro do serviço: 3 vezes na hora, 2 a cada segundo, 10 com espera que cresce e depois de 20 em 20 s.
#[rstest]
#[case::never_down(0, &[0])]
#[case::two_seconds(2, &[0, 0, 0, 0, 1, 2])]
#[case::half_a_minute(30, &[0, 0, 0, 0, 1, 2, 3, 5, 9, 17, 33])]
#[tokio::test(start_paused = true)]
async fn a_service_error_is_tried_again(#[case] down_until: u64, #[case] expected: &[u64]) {
    let timeline = Timeline::new(&[]);
    let queue = Endpoint::new(&timeline, SMS).down_until(Duration::from_secs(down_until));
    let ending = finish(&Subscription::new(queue.clone()), hail()).await;
    let expected: Vec<Duration> = expected.iter().map(|second| Duration::from_secs(*second)).collect();
    let got = queue.attempts();
    expect_same!(
        (ending, got.as_slice()),
        (Ending::Delivered, expected.as_slice()),
        "fila fora do ar por {down_until} s: o SNS tenta aos {} e entrega; a sua função tentou aos {} e terminou em {ending:?}",
        seconds(&expected),
        seconds(&got)
    );
}

/// A fila que volta depois de uma hora ainda recebe a mensagem: a política dos destinos da AWS dura 23 dias.
#[tokio::test(start_paused = true)]
async fn an_hour_later_the_message_still_arrives() {
    let timeline = Timeline::new(&[]);
    let queue = Endpoint::new(&timeline, SMS).down_until(Duration::from_secs(3_600));
    let ending = finish(&Subscription::new(queue.clone()), hail()).await;
    // As 16 primeiras acabam aos 133 s; depois, de 20 em 20 s, a 174ª espera é a que passa da hora.
    let expected = (Ending::Delivered, vec![Duration::from_secs(3_613)]);
    let got = (ending, queue.received().into_iter().map(|(at, _)| at).collect::<Vec<_>>());
    expect_same!(
        got,
        expected,
        "a fila volta depois de 1 h e o SNS entrega aos {}; a sua função terminou em {:?} e entregou aos {}",
        seconds(&expected.1),
        got.0,
        seconds(&got.1)
    );
}

/// Um endereço HTTPS tem só 3 novas tentativas; depois, a DLQ da assinatura, se há.
#[rstest]
#[case::with_a_queue(true, Ending::DeadLettered)]
#[case::without(false, Ending::Discarded)]
#[tokio::test(start_paused = true)]
async fn the_policy_runs_out(#[case] has_queue: bool, #[case] expected: Ending) {
    let timeline = Timeline::new(&[]);
    let site = Endpoint::new(&timeline, RADIO).down_until(LONG);
    let dead_letters = Endpoint::new(&timeline, DEAD_LETTERS);
    let mut subscription = Subscription::new(site.clone());
    subscription.delivery_policy = DeliveryPolicy::Http;
    subscription.dead_letter_queue = has_queue.then(|| dead_letters.clone());
    let ending = finish(&subscription, hail()).await;
    let moments: Vec<Duration> = [0, 20, 40, 60].map(Duration::from_secs).to_vec();
    let got = site.attempts();
    expect_same!(
        (ending, got.as_slice()),
        (expected, moments.as_slice()),
        "o site não volta: o SNS tenta aos {} e termina em {expected:?}; a sua função tentou aos {} e terminou em {ending:?}",
        seconds(&moments),
        seconds(&got)
    );
    let dead: Vec<String> = dead_letters.received().into_iter().map(|(_, each)| each.body).collect();
    let expected = if has_queue { vec!["granizo"] } else { vec![] };
    expect_same!(
        dead,
        expected,
        "acabada a política, a DLQ tem {}; a sua tem {}",
        list(&expected, "nada"),
        list(&dead, "nada")
    );
}

/// Erro do cliente: uma tentativa, e a mensagem vai na mesma hora para a DLQ da assinatura, como seria entregue.
#[rstest]
#[case::envelope(false)]
#[case::raw(true)]
#[tokio::test(start_paused = true)]
async fn a_deleted_queue_is_not_tried_again(#[case] raw: bool) {
    let timeline = Timeline::new(&[]);
    let queue = Endpoint::new(&timeline, ARCHIVE).deleted();
    let dead_letters = Endpoint::new(&timeline, DEAD_LETTERS);
    let mut subscription = Subscription::new(queue.clone());
    subscription.dead_letter_queue = Some(dead_letters.clone());
    let delivered = notification(&message("granizo", &[("severity", number("4"))]), raw);
    let ending = finish(&subscription, delivered.clone()).await;
    let attempts = queue.attempts();
    expect_same!(
        (ending, attempts.len()),
        (Ending::DeadLettered, 1),
        "a fila foi apagada, e um erro do cliente o SNS não repete; a sua função tentou aos {} e terminou em {ending:?}",
        seconds(&attempts)
    );
    let dead = dead_letters.received();
    expect_same!(
        dead,
        vec![(Duration::ZERO, delivered.clone())],
        "a DLQ recebe, aos 0 s, o que a fila receberia: `{}`; a sua tem {dead:?}",
        delivered.body
    );
}

/// `publish` devolve o `MessageId` sem esperar; as filas recebem depois, todas.
#[tokio::test(start_paused = true)]
async fn publishing_waits_for_nobody() {
    let timeline = Timeline::new(&[TOPIC, SMS, ARCHIVE]);
    let sms = Endpoint::new(&timeline, SMS).slow(Duration::from_secs(3));
    let archive = Endpoint::new(&timeline, ARCHIVE).slow(Duration::from_secs(5));
    let topic = Topic::new(&timeline, vec![subscription(&sms), subscription(&archive)]);
    let message_id = publish(&topic, Publication::new("granizo"));
    let took = timeline.elapsed();
    expect_same!(took, Duration::ZERO, "quem publica não espera as entregas; o seu `publish` levou {}", duration(took));
    tokio::time::sleep(LONG).await;
    let got = (arrivals(&sms), arrivals(&archive));
    expect_same!(
        got,
        (vec![3], vec![5]),
        "as entregas correm lado a lado: a fila sms recebe aos 3 s e a do arquivo aos 5 s; as suas, aos {:?} e {:?}",
        got.0,
        got.1
    );
    for endpoint in [&sms, &archive] {
        let bodies: Vec<Value> =
            endpoint.received().iter().map(|(_, each)| serde_json::from_str(&each.body).unwrap_or_default()).collect();
        let ids: Vec<&Value> = bodies.iter().map(|body| &body["MessageId"]).collect();
        expect_same!(
            ids,
            [&json!(message_id)],
            "todas as filas veem o MessageId que `publish` devolveu; esta viu {ids:?}"
        );
    }
}

/// O exemplo da página: um assinante morto, ou fora do ar, não atrasa os outros, esteja antes ou depois deles na lista.
#[rstest]
#[case::sms_first(false)]
#[case::sms_last(true)]
#[tokio::test(start_paused = true)]
async fn the_example_of_the_page(#[case] backwards: bool) {
    let timeline = Timeline::new(&[TOPIC, SMS, ARCHIVE, RADIO, DEAD_LETTERS]);
    let endpoints = example_endpoints(&timeline);
    let mut order = example_subscriptions(&endpoints);
    if backwards {
        order.reverse();
    }
    let publication = Publication::new(r#"{"kind":"granizo","area":{"region":"serra"}}"#);
    let publication = publication.with("kind", text("granizo")).with("severity", number("4"));
    publish(&Topic::new(&timeline, order), publication);
    tokio::time::sleep(LONG).await;
    let got = endpoints.each_ref().map(arrivals);
    expect_same!(
        got,
        [vec![0], vec![], vec![0], vec![40], vec![]],
        "sms recebe aos 0 s; a fila do arquivo foi apagada e a DLQ dela recebe aos 0 s; o site da rádio volta aos 30 s e \
         recebe na tentativa dos 40 s; a Defesa Civil filtra; no seu tópico sms, arquivo, DLQ, rádio e defesa: {got:?}"
    );
}

/// Cada mensagem tem as suas tentativas: a segunda não espera a primeira.
#[tokio::test(start_paused = true)]
async fn messages_do_not_wait_for_each_other() {
    let timeline = Timeline::new(&[TOPIC, SMS]);
    let sms = Endpoint::new(&timeline, SMS).down_until(Duration::from_secs(30));
    let topic = Topic::new(&timeline, vec![subscription(&sms)]);
    let first = publish(&topic, Publication::new("granizo"));
    tokio::time::sleep(Duration::from_secs(31)).await;
    let second = publish(&topic, Publication::new("vendaval"));
    expect_same!(first != second, true, "cada publicação tem o seu MessageId; as duas suas têm {first}");
    tokio::time::sleep(LONG).await;
    let got = arrivals(&sms);
    expect_same!(
        got,
        vec![31, 33],
        "a 1ª mensagem espera a tentativa dos 33 s; a 2ª, publicada aos 31 s com a fila no ar, chega aos 31 s; na sua fila \
         elas chegaram aos {got:?}"
    );
}

/// O filtro é de cada assinatura; o que ele recusa não vai a lugar nenhum, nem à DLQ.
#[tokio::test(start_paused = true)]
async fn each_subscription_has_its_own_filter() {
    let timeline = Timeline::new(&[TOPIC, SMS, ARCHIVE, RADIO, DEAD_LETTERS]);
    let [sms, archive, radio, dead] = [SMS, ARCHIVE, RADIO, DEAD_LETTERS].map(|lane| Endpoint::new(&timeline, lane));
    let filtered = |endpoint: &Endpoint, value: Value, scope: FilterPolicyScope| {
        let (filter_policy, dead_letter_queue) = (Some(policy(&value)), Some(dead.clone()));
        Subscription {
            filter_policy,
            dead_letter_queue,
            filter_policy_scope: scope,
            raw_message_delivery: true,
            ..subscription(endpoint)
        }
    };
    let topic = Topic::new(
        &timeline,
        vec![
            filtered(&sms, json!({"severity": [{"numeric": [">=", 3]}]}), ATTRIBUTES),
            filtered(&radio, json!({"area": {"region": ["serra"]}}), BODY),
            Subscription { raw_message_delivery: true, ..subscription(&archive) },
        ],
    );
    let bodies = [r#"{"id":1,"area":{"region":"serra"}}"#, r#"{"id":2}"#, "3"];
    for (body, severity) in bodies.iter().zip(["2", "3", "5"]) {
        publish(&topic, Publication::new(*body).with("severity", number(severity)));
    }
    tokio::time::sleep(LONG).await;
    let received =
        |endpoint: &Endpoint| -> Vec<String> { endpoint.received().into_iter().map(|(_, n)| n.body).collect() };
    let owned = |bodies: &[&str]| -> Vec<String> { bodies.iter().map(|&body| body.to_owned()).collect() };
    for (endpoint, name, expected) in [
        (&sms, "sms (severity ≥ 3)", &bodies[1..]),
        (&radio, "rádio (region serra, no corpo)", &bodies[..1]),
        (&archive, "arquivo (sem filtro)", &bodies[..]),
        (&dead, "DLQ", &[][..]),
    ] {
        let got = received(endpoint);
        expect_same!(
            got,
            owned(expected),
            "{name} recebe {}; a sua recebeu {}",
            list(expected, "nada"),
            list(&got, "nada")
        );
    }
}

/// Uma mensagem da fila leva até 10 atributos: com 11, só o envelope os carrega.
#[tokio::test(start_paused = true)]
async fn eleven_attributes_only_fit_in_the_envelope() {
    let timeline = Timeline::new(&[TOPIC, SMS, ARCHIVE]);
    let (sms, archive) = (Endpoint::new(&timeline, SMS), Endpoint::new(&timeline, ARCHIVE));
    let raw = Subscription { raw_message_delivery: true, ..subscription(&sms) };
    let topic = Topic::new(&timeline, vec![raw, subscription(&archive)]);
    let publication =
        (1..=11).fold(Publication::new("granizo"), |all, each| all.with(&format!("a{each}"), number("1")));
    publish(&topic, publication);
    tokio::time::sleep(LONG).await;
    let got = (sms.attempts().len(), arrivals(&sms), arrivals(&archive));
    expect_same!(
        got,
        (1, vec![], vec![0]),
        "com 11 atributos a entrega sem envelope é um erro do cliente (1 tentativa, nada chega) e a com envelope chega; na \
         sua foram {:?} tentativas, chegadas {:?} e {:?}",
        got.0,
        got.1,
        got.2
    );
}
