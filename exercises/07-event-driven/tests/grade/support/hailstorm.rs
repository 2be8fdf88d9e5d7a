//! Mundos pequenos e conferências, para o passo `capstone`.

use std::time::Duration;

use event_driven::capstone::{accept, handle, handle_batch, redrive, system};
use event_driven::hailstorm::{Configuration, Damage, Event, Faults, Message, Plan, System, Target, What, World};

pub const PLAN: Plan = Plan::SERRA_CLARA;

pub const TTL: Duration = Duration::from_secs(20 * 86_400);

/// Uma configuração que serve para testar uma função por vez, sem `configure`.
const SOME_CONFIGURATION: Configuration = Configuration {
    visibility_timeout: Duration::from_secs(200),
    max_receive_count: 6,
    report_batch_item_failures: true,
    target_dead_letter_queue: true,
    function_dead_letter_queue: true,
    dead_letter_retention: Duration::from_secs(1_209_600),
    record_ttl: TTL,
};

/// Um plano: tempo da função, janela, retenção da fila e espera pela volta, em segundos.
pub fn plan(function_timeout: u64, batching_window: u64, queue_retention: u64, redrive_after: u64) -> Plan {
    Plan {
        function_timeout: Duration::from_secs(function_timeout),
        batching_window: Duration::from_secs(batching_window),
        queue_retention: Duration::from_secs(queue_retention),
        redrive_after: Duration::from_secs(redrive_after),
    }
}

/// Um mundo em que nada está marcado para acontecer: as funções são chamadas à mão. Aceita relatos de número até 999.
pub fn workbench(faults: Faults) -> World {
    let system = System { configuration: SOME_CONFIGURATION, accept, handle, handle_batch, redrive };
    let mut world = World::new(1, 0, faults, PLAN, system).expect("a configuração serve");
    world.make_room(1_000);
    world
}

/// Uma tarde com as suas peças e a sua configuração; ainda não rodou.
pub fn afternoon(seed: u64, reports: u32, faults: Faults) -> World {
    match World::new(seed, reports, faults, PLAN, system(&PLAN)) {
        Ok(world) => world,
        Err(error) => panic!("com a sua configuração o Lambda não cria os mapeamentos: {error}"),
    }
}

/// O evento que um `PutEvents` do relato `number` cria; outro `put`, outro id.
pub fn event(number: u32, put: u32) -> Event {
    Event { id: format!("evt-{number:05}-{put}"), damage: Damage::numbered(number) }
}

/// Uma mensagem para cada relato.
pub fn batch(numbers: &[u32]) -> Vec<Message> {
    (1..).zip(numbers).map(|(nth, number)| Message::new(&format!("msg-{nth}"), event(*number, nth))).collect()
}

/// O primeiro número a partir de `from` que o alvo recusa, ou não recusa.
pub fn report_that(world: &World, target: Target, refused: bool, from: u32) -> u32 {
    (from..1_000).find(|number| world.refuses(target, *number) == refused).expect("há algum")
}

/// Quantas vezes algo aconteceu com um relato.
pub fn times(world: &World, number: u32, what: What) -> usize {
    world.trace().iter().filter(|step| step.number == number && step.what == what).count()
}

/// Quantas vezes algo aconteceu, com qualquer relato.
pub fn total(world: &World, what: What) -> usize {
    world.trace().iter().filter(|step| step.what == what).count()
}

/// Nada perdido, nada repetido.
#[track_caller]
pub fn expect_closed(world: &World, moment: &str) {
    if let Some(complaint) = world.complaint() {
        panic!("{moment}, {complaint}{}", replay());
    }
}

/// Como repetir só esta tarde.
fn replay() -> String {
    // O avaliador, em qualquer dos hospedeiros, pede um teste por vez pelo nome; o `cargo test` dá o nome à thread.
    let asked = std::env::args().skip_while(|argument| argument != "--exact").nth(1);
    let name = asked.or_else(|| std::thread::current().name().map(str::to_owned)).filter(|name| name.contains("::"));
    name.map_or(String::new(), |name| format!("Para repetir só esta tarde: cargo test -p event-driven {name}"))
}

/// Depois da volta, sem falhas: as DLQs estão vazias e tudo o que foi aceito teve efeito.
#[track_caller]
pub fn expect_all_home(world: &World) {
    expect_closed(world, "depois da volta, já sem falhas");
    let audit = world.audit();
    let [insurance, map, notices] = audit.dead;
    let first = Target::ALL.into_iter().find_map(|target| world.dead_letters(target).next()?.damage.number());
    assert!(
        audit.dead == [0; 3] && audit.waiting == 0,
        "semente {}: as falhas acabaram e a volta rodou: as DLQs deviam estar vazias, e tudo o que foi aceito, feito. Ficaram \
         na DLQ {insurance} do seguro, {map} do mapa e {notices} do aviso, e {} efeitos não aconteceram. A \
         história do primeiro:\n{}{}",
        world.seed(),
        audit.waiting,
        first.map(|number| world.story(number)).unwrap_or_default(),
        replay()
    );
}
