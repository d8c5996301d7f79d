//! Decided by the request's number, so that a run can be repeated.

use super::{FaultKind, Faults};
use crate::dice::Dice;

/// What falls to one request.
#[derive(Clone, Debug)]
pub(crate) struct Lot {
    seed: u64,
    number: u64,
    faults: Faults,
}

impl Lot {
    /// The lot of the request of this number.
    pub(crate) fn new(seed: u64, number: u64, faults: Faults) -> Self {
        Self { seed, number, faults }
    }

    /// Whether the fault strikes this call of the request.
    pub(crate) fn falls_on_call(&self, kind: FaultKind, call: usize) -> bool {
        let chance = self.faults.chance(kind);
        chance > 0.0 && self.dice(kind, call).chance(chance)
    }

    /// Dice for what a fault does.
    pub(crate) fn dice(&self, kind: FaultKind, call: usize) -> Dice {
        Dice::of(self.seed ^ self.number.rotate_left(32), &["fault", kind.name(), &call.to_string()])
    }

    /// What was set.
    pub(crate) fn faults(&self) -> &Faults {
        &self.faults
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn faults_strike_as_often_as_set_and_the_same_requests_each_time() {
        let faults = Faults::none().with(FaultKind::Captcha, 0.25);
        let struck = |seed| {
            (0..4000)
                .filter(|number| Lot::new(seed, *number, faults.clone()).falls_on_call(FaultKind::Captcha, 0))
                .collect::<Vec<_>>()
        };
        assert!((900..1100).contains(&struck(1).len()));
        assert_eq!(struck(1), struck(1));
        assert_ne!(struck(1), struck(2));
    }

    #[test]
    fn what_is_certain_always_strikes_and_what_is_not_set_never() {
        let lot = Lot::new(1, 1, Faults::none().with(FaultKind::Reset, 1.0));
        assert!(lot.falls_on_call(FaultKind::Reset, 0));
        assert!(!lot.falls_on_call(FaultKind::Stall, 0));
    }
}
