//! Steps of a run that are about two services in one visit.

use appointment::commands::ChangeSequenceOutcome;
use appointment::model::{Appointment, Tie};

use super::Run;

impl Run {
    pub(super) async fn book_visit(&mut self) {
        let (people, at) = ([self.person(), self.person()], self.slot());
        let who = u128::from(1 + self.dice.roll(9));
        if let Ok(ids) = self.world.try_visit(who, people, at).await {
            self.tell_all(&ids).await;
        }
    }

    pub(super) async fn move_visit(&mut self) {
        let rows = self.world.store.appointments(&self.world.scope).into_iter();
        let parts = rows.filter(|row| row.status.is_open() && matches!(row.tie, Some(Tie::Sequence(_))));
        let ids: Vec<_> = parts.map(|row| row.id).collect();
        let (picked, at) = (self.dice.pick(&ids).copied(), self.slot());
        let Some(part) = picked else { return };
        if let ChangeSequenceOutcome::Changed { after, .. } = self.world.try_move_visit(part, at).await {
            let ids: Vec<_> = after.iter().map(Appointment::id).collect();
            self.tell_all(&ids).await;
        }
    }
}
