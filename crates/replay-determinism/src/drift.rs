//! Another model under the same agent: told beside the match, never part of it.

use std::collections::BTreeMap;

use crate::step::ModelUsed;

/// Drifts of different kinds that are told.
const MAX_DRIFTS: usize = 100;

/// A property of the model that differs between steps that belong together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ModelDrift {
    /// `provider`, `model`, `version`, `temperature` or `seed`.
    pub property: &'static str,
    /// What the original says; none where nothing is recorded.
    pub original: Option<String>,
    /// What the replay says.
    pub replay: Option<String>,
    /// The first step that drifted so, by its number in the original.
    pub first_step: u64,
    /// How many steps drifted so.
    pub steps: u64,
}

/// Gathers drifts, the same change counted once a step.
#[derive(Debug, Default)]
pub(crate) struct Drifts {
    seen: BTreeMap<(&'static str, Option<String>, Option<String>), usize>,
    drifts: Vec<ModelDrift>,
}

impl Drifts {
    pub(crate) fn compare(
        &mut self,
        step: u64,
        original: Option<&ModelUsed>,
        replay: Option<&ModelUsed>,
    ) {
        let nothing = ModelUsed::default();
        let (original, replay) = (original.unwrap_or(&nothing), replay.unwrap_or(&nothing));
        for (property, original, replay) in [
            ("provider", &original.provider, &replay.provider),
            ("model", &original.model, &replay.model),
            ("version", &original.version, &replay.version),
            ("temperature", &original.temperature, &replay.temperature),
            ("seed", &original.seed, &replay.seed),
        ] {
            if original != replay {
                self.add(step, property, original, replay);
            }
        }
    }

    fn add(
        &mut self,
        step: u64,
        property: &'static str,
        original: &Option<String>,
        replay: &Option<String>,
    ) {
        let change = (property, original.clone(), replay.clone());
        if let Some(drift) = self.seen.get(&change).and_then(|at| self.drifts.get_mut(*at)) {
            drift.steps += 1;
        } else if self.drifts.len() < MAX_DRIFTS {
            self.seen.insert(change, self.drifts.len());
            self.drifts.push(ModelDrift {
                property,
                original: original.clone(),
                replay: replay.clone(),
                first_step: step,
                steps: 1,
            });
        }
    }

    pub(crate) fn take(self) -> Vec<ModelDrift> {
        self.drifts
    }
}
