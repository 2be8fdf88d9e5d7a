//! Em que pé está um teste, e um grupo deles: o que a lista mostra, sem saber de navegador.

use wasi_host::Status;

/// O estado de um teste. Ícone, palavra e cor dizem a mesma coisa.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    Idle,
    Waiting,
    Running,
    Ended(Status),
    Cancelled,
    NotCompiled,
}

impl State {
    pub fn word(self) -> &'static str {
        match self {
            Self::Idle => "",
            Self::Waiting => "na espera",
            Self::Running => "rodando",
            Self::Ended(Status::Passed) => "passou",
            Self::Ended(Status::Failed) => "falhou",
            Self::Ended(Status::Timeout) => "estourou o prazo",
            Self::Ended(Status::Error) => "não pôde rodar",
            Self::Cancelled => "cancelado",
            Self::NotCompiled => "não compilou",
        }
    }

    /// O valor de `data-state`, para o CSS e para testes da página.
    pub fn key(self) -> &'static str {
        match self {
            Self::Idle => "idle",
            Self::Waiting => "waiting",
            Self::Running => "running",
            Self::Ended(Status::Passed) => "passed",
            Self::Ended(Status::Failed) => "failed",
            Self::Ended(Status::Timeout) => "timeout",
            Self::Ended(Status::Error) => "error",
            Self::Cancelled => "cancelled",
            Self::NotCompiled => "not-compiled",
        }
    }
}

/// O estado de uma função de teste com vários casos: o pior deles, e quantos passaram.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Group {
    pub state: State,
    passed: usize,
    ended: usize,
    total: usize,
}

impl Group {
    pub fn of(cases: impl IntoIterator<Item = State>) -> Self {
        let mut group = Self { state: State::Idle, passed: 0, ended: 0, total: 0 };
        let mut worst = None;
        for case in cases {
            group.total += 1;
            group.ended += usize::from(matches!(case, State::Ended(_)));
            group.passed += usize::from(case == State::Ended(Status::Passed));
            worst = worst.into_iter().chain([case]).max_by_key(|state| weight(*state));
        }
        group.state = match worst {
            // Entre um caso e outro ninguém roda, mas o grupo está no meio do caminho.
            Some(State::Waiting) if group.ended > 0 => State::Running,
            Some(worst) => worst,
            None => State::Idle,
        };
        group
    }

    /// O que se lê ao lado do título: `passou · 5 de 5`, `falhou · passaram 3 de 5`.
    pub fn words(self) -> String {
        let Self { state, passed, ended, total } = self;
        match state {
            State::Idle if total == 1 => "1 caso".to_owned(),
            State::Idle => format!("{total} casos"),
            State::Waiting | State::NotCompiled => format!("{} · {total}", state.word()),
            State::Running => format!("{} · {ended} de {total}", state.word()),
            State::Ended(Status::Passed) => format!("{} · {passed} de {total}", state.word()),
            State::Ended(_) | State::Cancelled => format!("{} · passaram {passed} de {total}", state.word()),
        }
    }
}

/// O que ainda vai mudar vem antes do que já acabou, e o pior fim antes do melhor.
fn weight(state: State) -> u8 {
    match state {
        State::Idle => 0,
        State::Ended(Status::Passed) => 1,
        State::Cancelled => 2,
        State::Ended(Status::Timeout) => 3,
        State::Ended(Status::Error) => 4,
        State::Ended(Status::Failed) => 5,
        State::NotCompiled => 6,
        State::Waiting => 7,
        State::Running => 8,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PASSED: State = State::Ended(Status::Passed);
    const FAILED: State = State::Ended(Status::Failed);
    const TIMEOUT: State = State::Ended(Status::Timeout);

    #[test]
    fn a_group_shows_its_worst_case_and_counts_the_ones_that_passed() {
        let read = [
            (&[State::Idle; 3][..], "idle", "3 casos"),
            (&[State::Waiting; 3], "waiting", "na espera · 3"),
            (&[PASSED, State::Waiting, State::Waiting], "running", "rodando · 1 de 3"),
            (&[FAILED, State::Running, State::Waiting], "running", "rodando · 1 de 3"),
            (&[PASSED, PASSED], "passed", "passou · 2 de 2"),
            (&[PASSED, TIMEOUT, PASSED], "timeout", "estourou o prazo · passaram 2 de 3"),
            (&[FAILED, TIMEOUT, PASSED], "failed", "falhou · passaram 1 de 3"),
            (&[PASSED, State::Cancelled], "cancelled", "cancelado · passaram 1 de 2"),
            (&[State::NotCompiled; 2], "not-compiled", "não compilou · 2"),
        ];
        for (cases, key, words) in read {
            let group = Group::of(cases.iter().copied());
            assert_eq!((group.state.key(), group.words().as_str()), (key, words), "{cases:?}");
        }
    }
}
