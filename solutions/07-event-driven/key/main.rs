//! A chave das perguntas do capítulo 07: cada função monta uma cena com o código dos passos e lê o que aconteceu.
//!
//! Nenhuma resposta é escrita à mão; veja `kit::key`.

use std::process::ExitCode;
use std::time::Duration;

use event_driven::box_office::{Action, BoxOffice, Entry, Fault, Outcome, Step};
use event_driven::bus::{BusRule, route};
use event_driven::capstone::{accept, configure, handle as handle_damage, redrive, system};
use event_driven::envelope;
use event_driven::fan_out::{check, publish};
use event_driven::filter_policy::{FilterPolicy, FilterPolicyScope};
use event_driven::hailstorm::{Damage, Event, Faults, Plan, Target, What, World, door};
use event_driven::saga::{handle, orchestrate};
use event_driven::topic::{Attribute, DeliveryPolicy, Endpoint, Publication, Subscription, TOPIC, Topic};
use kit::Timeline;
use kit::key::{self, Key};
use serde_json::json;
use tokio::time::sleep;

const PLAN: Plan = Plan::SERRA_CLARA;

fn main() -> ExitCode {
    key::run(async || {
        Key::new()
            .quiz("alerts-past-the-test-rule", alerts_past_the_rule())
            .quiz("who-ends-first", who_ends_first().await)
            .quiz("the-other-scope", the_other_scope().await)
            .quiz("lines-on-the-bill", lines_on_the_bill())
            .quiz("davi-tries-again", davi_tries_again())
            .quiz("effects-of-one-report", effects_of_one_report())
            .quiz("redrive-cut-in-the-middle", redrive_cut_in_the_middle())
    })
}

fn alerts_past_the_rule() -> Vec<&'static str> {
    let pattern = json!({ "detail": { "kind": ["granizo"], "test": [{ "exists": false }] } });
    let rules = [BusRule::new("cooperative", &pattern.to_string()).expect("a AWS aceita")];
    let alerts = [
        ("test_false", json!({ "kind": "granizo", "test": false })),
        ("wind_and_hail", json!({ "kind": ["vento", "granizo"] })),
        ("test_null", json!({ "kind": "granizo", "test": null })),
        ("test_object", json!({ "kind": "granizo", "test": { "by": "Ana" } })),
        ("capital_letter", json!({ "kind": "Granizo" })),
    ];
    let heard = alerts.into_iter().filter(|(name, detail)| {
        let event = envelope::Event::new(name, "weather.stations", "Alert", detail.clone());
        !route(&rules, &event.to_json()).is_empty()
    });
    heard.map(|(name, _)| name).collect()
}

/// As assinaturas, na ordem em que o alerta chega ao destino ou à DLQ.
async fn who_ends_first() -> Vec<&'static str> {
    const DAY: Duration = Duration::from_secs(86_400);
    let timeline = Timeline::new(&[]);
    let endpoint = || Endpoint::new(&timeline, TOPIC);
    let down = |seconds| endpoint().down_until(Duration::from_secs(seconds));
    let all = [
        ("school", DeliveryPolicy::Http, endpoint().down_until(DAY)),
        ("civil_defense", DeliveryPolicy::AwsManaged, down(120)),
        ("radio", DeliveryPolicy::Http, down(30)),
        ("sms", DeliveryPolicy::AwsManaged, down(12)),
        ("archive", DeliveryPolicy::AwsManaged, endpoint().deleted()),
    ];
    let all = all.map(|(name, delivery_policy, destination)| {
        let dead_letter_queue = Some(endpoint());
        (name, Subscription { delivery_policy, dead_letter_queue, ..Subscription::new(destination) })
    });
    let topic = Topic::new(&timeline, all.clone().map(|(_, subscription)| subscription).to_vec());
    publish(&topic, Publication::new("granizo"));
    sleep(DAY / 24).await;
    let mut ended = all.map(|(name, Subscription { endpoint, dead_letter_queue, .. })| {
        let places = std::iter::once(endpoint).chain(dead_letter_queue);
        let arrivals = places.flat_map(|place| place.received());
        (arrivals.map(|(at, _)| at).min().expect("toda entrega termina em uma hora"), name)
    });
    ended.sort();
    ended.map(|(_, name)| name).to_vec()
}

/// Onde acaba um alerta cujo atributo serve à política, com o filtro olhando o corpo.
async fn the_other_scope() -> &'static str {
    let timeline = Timeline::new(&[]);
    let (queue, dead) = (Endpoint::new(&timeline, TOPIC), Endpoint::new(&timeline, TOPIC));
    let policy = FilterPolicy::parse(r#"{"kind": ["granizo"]}"#).expect("é uma política");
    let scope = FilterPolicyScope::MessageBody;
    if check(&policy, scope).is_err() {
        return "refused";
    }
    let subscription = Subscription {
        filter_policy: Some(policy),
        filter_policy_scope: scope,
        dead_letter_queue: Some(dead.clone()),
        ..Subscription::new(queue.clone())
    };
    let topic = Topic::new(&timeline, vec![subscription]);
    let body = json!({ "text": "Granizo em Serra Clara" }).to_string();
    publish(&topic, Publication::new(body).with("kind", Attribute::String("granizo".to_owned())));
    sleep(Duration::from_secs(3_600)).await;
    match (queue.received().is_empty(), dead.received().is_empty()) {
        (false, _) => "queue",
        (true, false) => "dead_letter_queue",
        (true, true) => "nowhere",
    }
}

/// Quantas vezes o serviço de pagamento mexeu na fatura.
fn lines_on_the_bill() -> usize {
    let mut office = BoxOffice::new(40)
        .refusing(Step::Issue, "beto")
        .with_faults(Action::Do(Step::Charge), &[Fault::AnswerLost])
        .with_faults(Action::Undo(Step::Charge), &[Fault::AnswerLost, Fault::AnswerLost]);
    let outcome = orchestrate(&mut office, &mut Vec::new(), "beto", None);
    assert_eq!(outcome, Some(Outcome::Cancelled), "o bilhete foi recusado");
    office.ledger(Step::Charge).effects().len()
}

/// Como acaba a compra do Davi, e quantos lugares estão ocupados.
fn davi_tries_again() -> String {
    let mut office = BoxOffice::new(1).refusing(Step::Charge, "beto");
    let reserve = Action::Do(Step::Reserve);
    let answer = office.serve(reserve, "beto", handle);
    let first = orchestrate(&mut office, &mut Vec::new(), "davi", None);
    assert_eq!(first, Some(Outcome::Cancelled), "o lugar é do Beto");
    let mut journal = vec![Entry::Called(reserve), Entry::Answered(reserve, answer)];
    orchestrate(&mut office, &mut journal, "beto", None);
    let davi = match orchestrate(&mut office, &mut Vec::new(), "davi", None) {
        Some(Outcome::Confirmed) => "confirmed",
        Some(Outcome::Cancelled) => "cancelled",
        None => return "open".to_owned(),
    };
    format!("{davi}_{}", office.ledger(Step::Reserve).held())
}

/// Um mundo sem falhas e sem telefones, com lugar para os relatos de número 0 a 9.
fn calm_world() -> World {
    let mut world = World::new(1, 0, Faults::NONE, PLAN, system(&PLAN)).expect("o Lambda cria os mapeamentos");
    world.make_room(10);
    world
}

fn effects_of_one_report() -> u32 {
    const NUMBER: u32 = 3;
    let mut world = calm_world();
    let damage = Damage::numbered(NUMBER);
    let request = door::event(door::Format::V2, &door::body(&damage));
    // A meia chamada 1: o barramento aceita, e a resposta se perde.
    accept(&request, &mut world.doomed_session(1));
    accept(&request, &mut world.doomed_session(1));
    accept(&request, &mut world.session());
    assert_eq!(world.published(), 3, "cada envio é um evento");
    world.run();
    for target in Target::ALL {
        for number in 1..=world.published() {
            let event = Event { id: format!("again-{number}"), damage: damage.clone() };
            handle_damage(target, &event, configure(&PLAN).record_ttl, &mut world.session()).expect("sem falhas");
        }
    }
    Target::ALL.map(|target| world.effects(target, NUMBER)).iter().sum()
}

/// Quantas vezes a volta devolveu o primeiro relato, e quantas a seguradora o pagou.
fn redrive_cut_in_the_middle() -> String {
    let mut world = calm_world();
    for number in [1, 2] {
        world.bury(Target::Insurance, Event { id: format!("event-{number}"), damage: Damage::numbered(number) });
    }
    // As chamadas são receber, devolver e apagar: a queda é antes da terceira, a de número 2.
    redrive(Target::Insurance, &mut world.doomed_session(2 * 2)).expect_err("a função caiu");
    world.run();
    world.wait(Duration::from_secs(60));
    redrive(Target::Insurance, &mut world.session()).expect("sem falhas");
    world.run();
    assert_eq!(world.dead_letters(Target::Insurance).count(), 0, "a volta foi até o fim");
    let sent_back =
        |step: &&event_driven::hailstorm::Step| step.number == 1 && step.what == What::SentBack(Target::Insurance);
    let returned = world.trace().iter().filter(sent_back).count();
    format!("returned_{returned}_paid_{}", world.effects(Target::Insurance, 1))
}
