//! Uma fila e uma função em que o teste manda, para o passo `sqs`.

use std::time::Duration;

use kit::Timeline;
use kit::text::duration;
use polling_invocation::queue::{Attributes, DEAD_LETTER_QUEUE, QUEUE, Queue, RedrivePolicy};
use polling_invocation::sms_function::{Behavior, Call, FUNCTION, Function};
use polling_invocation::sqs::{EventSourceMapping, poll};

use super::{expect_same, finish, list};

pub fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

/// Um mapeamento que a AWS aceita; se ele for recusado, diz por que isso está errado.
pub fn mapping(batch_size: usize, maximum_concurrency: Option<i64>) -> EventSourceMapping {
    match EventSourceMapping::new(seconds(30), seconds(5), batch_size, maximum_concurrency) {
        Ok(mapping) => mapping,
        Err(error) => panic!(
            "visibilidade de 30 s, função de até 5 s e MaximumConcurrency {} são valores que a AWS aceita; a sua \
             função recusou com `{error}`",
            ceiling(maximum_concurrency)
        ),
    }
}

/// `ausente`, ou o número.
pub fn ceiling<T: ToString>(maximum_concurrency: Option<T>) -> String {
    maximum_concurrency.map_or("ausente".to_owned(), |maximum| maximum.to_string())
}

/// A fila, a DLQ e a função de um caso.
pub struct Post {
    pub queue: Queue,
    pub dead_letters: Queue,
    pub timeline: Timeline,
}

impl Post {
    /// Uma fila com a visibilidade em segundos e, se houver, o `maxReceiveCount`.
    pub fn new(visibility: u64, fifo: bool, max_receive_count: Option<u32>) -> Self {
        let timeline = Timeline::new(&[QUEUE, FUNCTION, DEAD_LETTER_QUEUE]);
        let visibility_timeout = seconds(visibility);
        let attributes = Attributes { visibility_timeout, fifo, redrive_policy: None };
        let dead_letters = Queue::new(&timeline, "sms-dlq", DEAD_LETTER_QUEUE, attributes.clone());
        let redrive_policy = max_receive_count
            .map(|max_receive_count| RedrivePolicy { max_receive_count, dead_letter_queue: dead_letters.clone() });
        let queue = Queue::new(&timeline, "sms", QUEUE, Attributes { redrive_policy, ..attributes });
        Self { queue, dead_letters, timeline }
    }

    /// Uma função que leva `run_time` e faz o que `decide` manda.
    pub fn function(&self, run_time: Duration, decide: impl Fn(&Call) -> Behavior + Send + Sync + 'static) -> Function {
        Function::new(&self.timeline, run_time, decide)
    }

    pub fn send(&self, bodies: &[&str]) {
        for body in bodies {
            self.queue.send(*body);
        }
    }

    /// Lê a fila até ela esvaziar.
    pub async fn drain(&self, function: &Function, mapping: &EventSourceMapping) {
        self.queue.close();
        let rule = "a fila fechou, e cada mensagem ou foi apagada ou foi para a DLQ";
        finish(rule, "o seu `poll`", poll(&self.queue, function, mapping)).await;
    }

    /// O que sobrou na fila e na DLQ.
    #[track_caller]
    pub fn expect_left(&self, queue: &[&str], dead_letters: &[&str], rule: &str) {
        let (in_queue, dead) = (self.queue.bodies(), self.dead_letters.bodies());
        let expected = |bodies: &[&str]| list(bodies, "nada");
        expect_same!(
            (in_queue == queue, dead == dead_letters),
            (true, true),
            "{rule}: na fila fica {}, e na DLQ, {}; com o seu código ficou {} na fila e {} na DLQ",
            expected(queue),
            expected(dead_letters),
            list(&in_queue, "nada"),
            list(&dead, "nada")
        );
    }
}

/// Uma função que falha quando o lote tem uma destas mensagens.
pub fn failing_on(poison: &'static [&'static str]) -> impl Fn(&Call) -> Behavior + Send + Sync + 'static {
    move |call| match call.bodies.iter().any(|body| poison.contains(&body.as_str())) {
        true => Behavior::Fail,
        false => Behavior::Succeed,
    }
}

/// `aos 0 s [a, b]; aos 30 s [a, b]`: as chamadas, na ordem.
fn describe(calls: &[(Duration, Vec<String>)]) -> String {
    let tell = |(at, bodies): &(Duration, Vec<String>)| format!("[{}] aos {}", bodies.join(", "), duration(*at));
    let texts: Vec<String> = calls.iter().take(8).map(tell).collect();
    match calls.len() {
        0 => "nenhuma".to_owned(),
        1..=8 => texts.join("; "),
        total => format!("{}; … ({total} ao todo)", texts.join("; ")),
    }
}

/// Compara as chamadas à função: instante em milissegundos e corpos. Entre chamadas do mesmo instante, a ordem não conta.
#[track_caller]
pub fn expect_calls(function: &Function, expected: &[(u64, &[&str])], rule: &str) {
    let owned = |bodies: &[&str]| bodies.iter().map(|&body| body.to_owned()).collect();
    let mut calls: Vec<(Duration, Vec<String>)> =
        function.calls().into_iter().map(|call| (call.at, call.bodies)).collect();
    let mut wanted: Vec<(Duration, Vec<String>)> =
        expected.iter().map(|(at, bodies)| (Duration::from_millis(*at), owned(bodies))).collect();
    calls.sort();
    wanted.sort();
    expect_same!(
        calls,
        wanted,
        "{rule}: as chamadas são {}; com o seu código foram {}",
        describe(&wanted),
        describe(&calls)
    );
}
