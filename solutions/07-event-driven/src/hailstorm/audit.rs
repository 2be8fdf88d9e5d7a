//! A conferência: o que foi aceito, o que teve efeito, o que está na DLQ e o que não fecha.

use std::collections::BTreeSet;
use std::fmt::{self, Write};

use kit::text::count;

use super::{Damage, Target, World};

/// O que não fecha.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Problem {
    /// O telefone viu que foi aceito, mas o alvo não teve efeito e a DLQ dele não o tem.
    Lost,
    /// O alvo teve o efeito mais de uma vez.
    Repeated(u32),
}

/// Um relato que não fecha em um alvo.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Violation {
    /// O número do relato.
    pub number: u32,
    /// O alvo.
    pub target: Target,
    /// O que houve.
    pub problem: Problem,
}

/// Perdido ou repetido, em uma frase.
impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (report, label) = (Damage::numbered(self.number).report_id, self.target.label());
        match self.problem {
            Problem::Lost => write!(
                f,
                "{report}: o telefone viu que foi aceito, mas em `{label}` não teve efeito nem está na DLQ: perdido"
            ),
            Problem::Repeated(times) => {
                write!(f, "{report}: em `{label}` o efeito é um só e aconteceu {times} vezes: repetido")
            }
        }
    }
}

/// O resultado da conferência.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Audit {
    /// Quantos relatos o telefone viu aceitos.
    pub accepted: usize,
    /// Quantos efeitos aconteceram, nos três alvos.
    pub applied: usize,
    /// Quantos eventos há em cada DLQ, na ordem de [`Target::ALL`].
    pub dead: [usize; 3],
    /// Quantos relatos aceitos ainda não tiveram efeito em um alvo, contando um por alvo.
    pub waiting: usize,
    /// O que não fecha.
    pub violations: Vec<Violation>,
}

impl World {
    /// Confere agora.
    pub fn audit(&self) -> Audit {
        let mut audit = Audit { accepted: 0, applied: 0, dead: [0; 3], waiting: 0, violations: Vec::new() };
        audit.accepted = self.accepted.iter().filter(|accepted| **accepted).count();
        for (index, target) in Target::ALL.into_iter().enumerate() {
            let dead = self.dead_letters(target).filter_map(|event| event.damage.number());
            let mut kept = BTreeSet::new();
            for number in dead {
                audit.dead[index] += 1;
                kept.insert(number);
            }
            for (number, accepted) in (0..).zip(&self.accepted) {
                let times = self.effects(target, number);
                audit.applied += usize::try_from(times).unwrap_or(usize::MAX);
                let problem = match times {
                    0 if *accepted => {
                        audit.waiting += 1;
                        if kept.contains(&number) {
                            continue;
                        }
                        Problem::Lost
                    }
                    0 | 1 => continue,
                    times => Problem::Repeated(times),
                };
                audit.violations.push(Violation { number, target, problem });
            }
        }
        audit
    }

    /// A história de um relato, um passo por linha.
    pub fn story(&self, number: u32) -> String {
        let steps = self.trace().iter().filter(|step| step.number == number);
        steps.fold(String::new(), |mut text, step| {
            let _ = writeln!(text, "  {step}");
            text
        })
    }

    /// O que não fecha, com a história do primeiro relato; `None` se tudo fecha.
    pub fn complaint(&self) -> Option<String> {
        let audit = self.audit();
        let first = audit.violations.first()?;
        Some(format!(
            "semente {}: de {}, {} não fecham. {first}. A história dele:\n{}",
            self.seed(),
            count(audit.accepted, "relato aceito", "relatos aceitos"),
            count(audit.violations.len(), "efeito", "efeitos"),
            self.story(first.number)
        ))
    }
}
