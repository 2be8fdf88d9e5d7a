//! O laboratório da tarde do granizo: as peças do leitor, com uma delas trocada por um engano, e a conta que fecha ou não.
//!
//! ```text
//!   cenário ─▶ System (peças do leitor, menos uma) ─▶ World ─▶ tarde ─▶ conferência
//!                                                           └▶ volta ─▶ conferência ─▶ a história de um relato
//! ```

use std::time::Duration;

use event_driven::capstone::system;
use event_driven::hailstorm::{
    Audit, BatchResponse, Damage, Entry, Event, Faults, Message, Plan, Problem, Response, ServiceError, Session,
    System, Target, What, World, door,
};
use kit::lab::{Block, Output, Tone};
use kit::text::count;
use serde::Deserialize;
use serde_json::Value;

const REPORTS: u32 = 150;
const PLAN: Plan = Plan::SERRA_CLARA;

/// Os controles do laboratório.
#[derive(Debug, Deserialize)]
pub struct Scenario {
    seed: u64,
    day: Day,
    mistake: Mistake,
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Day {
    Calm,
    Door,
    Crashes,
    Duplicates,
    Hail,
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Mistake {
    None,
    TheCallWorked,
    EventIdKey,
    LookThenAct,
    NoPartialResponse,
    NoTargetDeadLetterQueue,
    ShortRecord,
    ShortDeadLetterQueue,
    DeleteBeforeSending,
}

/// Roda a tarde e a volta, e confere as duas.
pub fn play(scenario: &Scenario) -> Output {
    let system = with_mistake(system(&PLAN), scenario.mistake);
    let mut world = match World::new(scenario.seed, REPORTS, faults(scenario.day), PLAN, system) {
        Ok(world) => world,
        Err(error) => {
            let label = "O Lambda não cria os mapeamentos".to_owned();
            let text = Block::Text { label, text: error.to_string(), tone: Tone::Bad };
            return Output { summary: "Com a sua configuração, a tarde nem começa.".to_owned(), blocks: vec![text] };
        }
    };
    world.run();
    let storm = world.audit();
    world.redrive();
    let end = world.audit();
    Output { summary: summary(&end), blocks: vec![table(&storm, &end), story(&world, &end)] }
}

fn faults(day: Day) -> Faults {
    match day {
        Day::Calm => Faults::NONE,
        Day::Door => Faults { door: 50, bus: 20, ..Faults::NONE },
        Day::Crashes => Faults { crash: 35, timeout: 15, ..Faults::NONE },
        Day::Duplicates => Faults { duplicate: 50, reorder: 50, ..Faults::NONE },
        Day::Hail => Faults::HAIL,
    }
}

/// As peças do leitor, com o engano no lugar de uma.
fn with_mistake(system: System, mistake: Mistake) -> System {
    let mut configuration = system.configuration;
    match mistake {
        Mistake::None => return system,
        Mistake::TheCallWorked => return System { accept: the_call_worked, ..system },
        Mistake::EventIdKey => return System { handle: event_id_key, handle_batch: event_id_batch, ..system },
        Mistake::LookThenAct => return System { handle: look_then_act, handle_batch: look_then_act_batch, ..system },
        Mistake::DeleteBeforeSending => return System { redrive: delete_before_sending, ..system },
        Mistake::NoPartialResponse => configuration.report_batch_item_failures = false,
        Mistake::NoTargetDeadLetterQueue => configuration.target_dead_letter_queue = false,
        Mistake::ShortRecord => configuration.record_ttl = Duration::from_secs(3_600),
        Mistake::ShortDeadLetterQueue => configuration.dead_letter_retention = PLAN.queue_retention,
    }
    System { configuration, ..system }
}

fn the_call_worked(event: &Value, session: &mut Session<'_>) -> Response {
    let Ok(detail) = door::read_damage(event) else {
        return Response { status: 400 };
    };
    let answered = session.put_events(&[Entry { detail }]).is_ok();
    Response { status: if answered { 202 } else { 503 } }
}

type Handle = fn(Target, &Event, Duration, &mut Session<'_>) -> Result<(), ServiceError>;

fn each(handle: Handle, target: Target, batch: &[Message], ttl: Duration, session: &mut Session<'_>) -> BatchResponse {
    let mut response = BatchResponse::default();
    for message in batch {
        if handle(target, &message.event, ttl, session).is_err() {
            response.add_failure(&message.message_id);
        }
    }
    response
}

fn event_id_batch(target: Target, batch: &[Message], ttl: Duration, session: &mut Session<'_>) -> BatchResponse {
    each(event_id_key, target, batch, ttl, session)
}

fn look_then_act_batch(target: Target, batch: &[Message], ttl: Duration, session: &mut Session<'_>) -> BatchResponse {
    each(look_then_act, target, batch, ttl, session)
}

fn event_id_key(target: Target, event: &Event, ttl: Duration, session: &mut Session<'_>) -> Result<(), ServiceError> {
    let key = format!("{}#{}", target.name(), event.id);
    session.apply_once(&key, ttl, target, &event.damage).map(|_| ())
}

fn look_then_act(target: Target, event: &Event, ttl: Duration, session: &mut Session<'_>) -> Result<(), ServiceError> {
    let key = format!("{}#{}", target.name(), event.damage.report_id);
    if session.has_record(&key)? {
        return Ok(());
    }
    session.apply(target, &event.damage)?;
    session.put_record(&key, ttl)
}

fn delete_before_sending(target: Target, session: &mut Session<'_>) -> Result<usize, ServiceError> {
    let mut returned = 0;
    loop {
        let letters = session.receive_dead(target, 10)?;
        if letters.is_empty() {
            return Ok(returned);
        }
        for letter in letters {
            session.delete_dead(target, &letter)?;
            session.send(target, &letter.event)?;
            returned += 1;
        }
    }
}

/// Quantos efeitos se perderam, e quantos relatos tiveram um efeito repetido.
fn problems(audit: &Audit) -> (usize, usize) {
    let lost = audit.violations.iter().filter(|violation| violation.problem == Problem::Lost).count();
    (lost, audit.violations.len() - lost)
}

fn summary(end: &Audit) -> String {
    let accepted = count(end.accepted, "relato aceito", "relatos aceitos");
    match problems(end) {
        (0, 0) if end.waiting == 0 => format!("A conta fecha: {accepted}, um efeito em cada um dos três alvos."),
        (0, 0) => format!("De {accepted}, {} ainda não aconteceram.", count(end.waiting, "efeito", "efeitos")),
        (lost, repeated) => format!(
            "A conta não fecha: de {accepted}, {} e {}.",
            count(lost, "efeito se perdeu", "efeitos se perderam"),
            count(repeated, "se repetiu", "se repetiram")
        ),
    }
}

fn table(storm: &Audit, end: &Audit) -> Block {
    let row = |moment: &str, audit: &Audit| {
        let (lost, repeated) = problems(audit);
        let [insurance, map, notices] = audit.dead.map(|dead| dead.to_string());
        let numbers = [audit.accepted, audit.applied, lost, repeated].map(|number| number.to_string());
        let [accepted, applied, lost, repeated] = numbers;
        vec![moment.to_owned(), accepted, applied, insurance, map, notices, lost, repeated]
    };
    let header =
        ["quando", "aceitos", "efeitos", "DLQ do seguro", "DLQ do mapa", "DLQ do aviso", "perdidos", "repetidos"];
    Block::Table {
        label: "A conferência".to_owned(),
        header: header.map(str::to_owned).to_vec(),
        rows: vec![row("no fim da tarde", storm), row("depois da volta", end)],
    }
}

/// A história do primeiro relato que não fecha; se todos fecham, a de um que passou por uma DLQ, ou a do primeiro.
fn story(world: &World, end: &Audit) -> Block {
    let bad = end.violations.first();
    let passed_by = |what: &What| matches!(what, What::Dead(_));
    let dead = || world.trace().iter().find(|step| passed_by(&step.what)).map(|step| step.number);
    let number = bad.map(|violation| violation.number).or_else(dead).unwrap_or(0);
    let report = Damage::numbered(number).report_id;
    let (label, tone) = match bad {
        Some(violation) => (violation.to_string(), Tone::Bad),
        None => (format!("A história de {report}"), Tone::Good),
    };
    Block::Text { label, text: world.story(number), tone }
}
