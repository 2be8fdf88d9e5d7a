//! O mundo: a agenda, as filas, o barramento, e a ordem em que as coisas acontecem.

use std::collections::HashMap;
use std::rc::Rc;
use std::time::Duration;

use async_invocation::retries::{EventInvokeConfig, Failures};
use kit::Random;
use polling_invocation::api_error::ApiError;
use polling_invocation::sqs::EventSourceMapping;

use super::agenda::{Action, Agenda};
use super::queue::{DeadLetterQueue, Queue};
use super::session::{Rival, Session};
use super::{
    Configuration, Damage, DeadLetter, Event, Faults, Message, Plan, ServiceError, Step, System, Target, What,
};

/// Em quanto tempo os relatos da tarde chegam.
const AFTERNOON_MS: u64 = 3_600_000;
/// O `BatchSize` dos dois mapeamentos.
pub(super) const BATCH_SIZE: usize = 10;

/// Um pedaço de trabalho que uma função recebe.
#[derive(Debug, Clone)]
pub(super) enum Work {
    Batch(Target, Rc<[Message]>),
    Single(Target, Rc<Event>),
}

/// Um evento na fila interna do Lambda.
#[derive(Debug)]
pub(super) struct Job {
    pub(super) event: Rc<Event>,
    pub(super) enqueued_at: u64,
    pub(super) failures: Failures,
    /// Até quando a função não tem vaga; `None` se isso ainda não foi sorteado.
    pub(super) full_until: Option<u64>,
    pub(super) target: Target,
}

/// O sistema inteiro, com as falhas e a semente.
#[derive(Debug)]
pub struct World {
    pub(super) seed: u64,
    pub(super) random: Random,
    pub(super) faults: Faults,
    pub(super) system: System,
    pub(super) plan: Plan,
    pub(super) invoke_config: EventInvokeConfig,
    pub(super) agenda: Agenda,
    pub(super) now: u64,
    pub(super) queues: [Queue; 3],
    pub(super) dead: [DeadLetterQueue; 3],
    pub(super) jobs: Vec<Job>,
    pub(super) published: u32,
    /// O alvo a que o barramento não pode entregar, de quando até quando.
    pub(super) denied: Option<(Target, u64, u64)>,
    pub(super) records: HashMap<String, u64>,
    pub(super) accepted: Vec<bool>,
    pub(super) effects: Vec<[u32; 3]>,
    pub(super) trace: Vec<Step>,
}

pub(super) fn milliseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

impl World {
    /// Prepara a tarde: `reports` relatos, ao longo de uma hora, com as falhas de `faults` sorteadas por `seed`.
    ///
    /// # Errors
    /// O erro do Lambda, se ele não cria os mapeamentos com esta configuração.
    pub fn new(seed: u64, reports: u32, faults: Faults, plan: Plan, system: System) -> Result<Self, ApiError> {
        EventSourceMapping::new(system.configuration.visibility_timeout, plan.function_timeout, BATCH_SIZE, None)?;
        let invoke_config = EventInvokeConfig::new(None, None);
        let mut world = Self {
            seed,
            random: Random::new(seed),
            faults,
            system,
            plan,
            invoke_config: invoke_config.map_err(|error| ApiError::invalid_parameter(error.message))?,
            agenda: Agenda::default(),
            now: 0,
            queues: Default::default(),
            dead: Default::default(),
            jobs: Vec::new(),
            published: 0,
            denied: None,
            records: HashMap::new(),
            accepted: vec![false; usize::try_from(reports).unwrap_or(0)],
            effects: vec![[0; 3]; usize::try_from(reports).unwrap_or(0)],
            trace: Vec::new(),
        };
        for number in 0..reports {
            let at = world.random.between(0..=AFTERNOON_MS);
            world.agenda.at(at, Action::Request { number, attempt: 1 });
        }
        if faults.denied {
            let target = *world.random.pick(&Target::ALL).unwrap_or(&Target::Insurance);
            let from = world.random.between(0..=AFTERNOON_MS);
            world.denied = Some((target, from, from + AFTERNOON_MS / 10));
        }
        Ok(world)
    }

    /// A semente.
    pub fn seed(&self) -> u64 {
        self.seed
    }

    /// As falhas de agora.
    pub fn faults(&self) -> &Faults {
        &self.faults
    }

    /// Tudo o que aconteceu, em ordem.
    pub fn trace(&self) -> &[Step] {
        &self.trace
    }

    /// Quantas vezes o efeito de um relato aconteceu em um alvo.
    pub fn effects(&self, target: Target, number: u32) -> u32 {
        self.row(number).map_or(0, |row| self.effects[row][index(target)])
    }

    /// Os eventos que estão na DLQ de um alvo.
    pub fn dead_letters(&self, target: Target) -> impl Iterator<Item = &Event> {
        self.dead[index(target)].events()
    }

    /// Quantos eventos o barramento aceitou até agora.
    pub fn published(&self) -> u32 {
        self.published
    }

    pub(super) fn now(&self) -> u64 {
        self.now
    }

    /// Uma invocação avulsa, fora da agenda: para chamar uma função à mão.
    pub fn session(&mut self) -> Session<'_> {
        Session::new(self, None, None)
    }

    /// Como [`World::session`], de uma função que cai na meia chamada `at`: `2k` é antes da chamada `k` (a primeira é a 0), e
    /// `2k + 1`, depois de ela acontecer e antes da resposta.
    pub fn doomed_session(&mut self, at: u32) -> Session<'_> {
        Session::new(self, Some(at), None)
    }

    /// Como [`World::session`], mas a função do mesmo evento roda inteira, em outra entrega, antes da chamada `before_call`.
    pub fn contested_session(&mut self, target: Target, event: &Event, before_call: u32) -> Session<'_> {
        let work = Work::Single(target, Rc::new(event.clone()));
        Session::new(self, None, Some(Rival { before_call, work }))
    }

    /// Abre lugar para relatos de número até `reports`, sem marcar nenhum.
    pub fn make_room(&mut self, reports: usize) {
        self.effects.resize(reports, [0; 3]);
        self.accepted.resize(reports, false);
    }

    /// Deixa passar o tempo, sem que nada aconteça.
    pub fn wait(&mut self, duration: Duration) {
        self.now = self.now.saturating_add(milliseconds(duration));
    }

    /// As falhas acabam.
    pub fn calm(&mut self) {
        self.faults = Faults::NONE;
        self.denied = None;
    }

    /// Se um alvo recusa este relato, por agora.
    pub fn refuses(&self, target: Target, number: u32) -> bool {
        let salt = (u64::from(number) * 3 + index(target) as u64).wrapping_mul(0x9E37_79B9);
        self.faults.refused > 0 && Random::new(self.seed ^ salt).between(1..=100) <= self.faults.refused
    }

    /// Põe um evento na DLQ de um alvo, como se tivesse morrido agora.
    pub fn bury(&mut self, target: Target, event: Event) {
        self.die(target, Rc::new(event), self.now);
    }

    /// Roda até não haver mais nada por acontecer.
    pub fn run(&mut self) {
        while let Some((at, action)) = self.agenda.next() {
            self.now = self.now.max(at);
            self.act(action);
        }
        for target in Target::ALL {
            self.expire(target);
        }
    }

    /// A segunda-feira: passado o `redrive_after`, alguém roda a volta das três DLQs, a rede cai no meio, e o que voltou roda
    /// ainda com as falhas. Uma hora depois as falhas acabam, a volta roda de novo, inteira, e o sistema se acalma.
    pub fn redrive(&mut self) {
        self.wait(self.plan.redrive_after);
        for target in Target::ALL {
            let half_calls = 4 * self.dead_letters(target).count() as u64 + 2;
            let dies_at = u32::try_from(self.random.between(0..=half_calls)).ok();
            let redrive = self.system.redrive;
            // O que ela devolve ninguém lê: a função caiu.
            let _ = redrive(target, &mut Session::new(self, dies_at, None));
        }
        self.run();
        self.wait(Duration::from_secs(3_600));
        self.calm();
        for target in Target::ALL {
            let redrive = self.system.redrive;
            let _ = redrive(target, &mut self.session());
        }
        self.run();
    }

    fn act(&mut self, action: Action) {
        match action {
            Action::Request { number, attempt } => self.request(number, attempt),
            Action::Deliver { target, event, attempt, copy } => self.deliver(target, event, attempt, copy),
            Action::Visible { target, slot, receive_count } => self.reappear(target, slot, receive_count),
            Action::Poll { target } => self.poll(target),
            Action::Run { target, batch } => self.run_batch(target, &batch),
            Action::Invoke { job } => self.invoke(job),
        }
    }

    pub(super) fn after(&mut self, range: std::ops::RangeInclusive<u64>, action: Action) {
        let delay = self.random.between(range);
        self.agenda.at(self.now + delay, action);
    }

    pub(super) fn die(&mut self, target: Target, event: Rc<Event>, sent_at: u64) {
        self.note(&event.damage, What::Dead(target));
        self.dead[index(target)].push(event, sent_at);
    }

    pub(super) fn expire(&mut self, target: Target) {
        let retention = milliseconds(self.configuration().dead_letter_retention);
        for event in self.dead[index(target)].expire(self.now, retention) {
            self.note(&event.damage, What::Dropped(target));
        }
    }

    pub(super) fn receive_dead(&mut self, target: Target, max: usize, visibility: u64) -> Vec<DeadLetter> {
        self.expire(target);
        self.dead[index(target)].receive(max, self.now, self.now + visibility)
    }

    pub(super) fn delete_dead(&mut self, target: Target, receipt_handle: usize) {
        self.dead[index(target)].delete(receipt_handle);
    }

    /// Faz o efeito, se o alvo não recusa este relato.
    pub(super) fn apply(&mut self, target: Target, damage: &Damage) -> Result<(), ServiceError> {
        let number = damage.number().unwrap_or(u32::MAX);
        if self.refuses(target, number) {
            self.note(damage, What::Refused(target));
            return Err(ServiceError::Refused);
        }
        if let Some(row) = self.row(number) {
            self.effects[row][index(target)] += 1;
        }
        self.note(damage, What::Applied(target));
        Ok(())
    }

    pub(super) fn note(&mut self, damage: &Damage, what: What) {
        let number = damage.number().unwrap_or(u32::MAX);
        self.trace.push(Step { at_ms: self.now, number, what });
    }

    /// Sorteia: verdadeiro `percent` vezes em cem.
    pub(super) fn chance(&mut self, percent: u64) -> bool {
        percent > 0 && self.random.between(1..=100) <= percent
    }

    pub(super) fn configuration(&self) -> &Configuration {
        &self.system.configuration
    }

    pub(super) fn row(&self, number: u32) -> Option<usize> {
        usize::try_from(number).ok().filter(|row| *row < self.effects.len())
    }
}

pub(super) fn index(target: Target) -> usize {
    match target {
        Target::Insurance => 0,
        Target::DamageMap => 1,
        Target::Notices => 2,
    }
}
