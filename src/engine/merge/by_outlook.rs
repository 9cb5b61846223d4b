//! Pure: what Outlook does by itself, and what is no edit of anybody's for that: a reminder that is dismissed (rule D17), and a task of a
//! series that was completed and goes on to its next date (rule D10).

use super::{BlockView, COMPLETED, Merge, REMINDER_ON};
use crate::model::{Block, Field};
use crate::reason::Code;

impl BlockView<'_> {
    /// Says whether the item's reminder is off only because its moment has passed: we write it so, and dismissing it is no
    /// edit (rule D17). Settling that keeps it from flowing back when the record's date is put off later.
    pub(super) fn is_dismissed(&self) -> bool {
        self.block == Block::Reminder
            && self.sides.reminder_past
            && self.sides.item.get(Field::ReminderOn).is_some_and(|on| on != *REMINDER_ON)
    }

    /// Says whether what the record holds is about the task before the one that the item is, as where the mode keeps the record from
    /// following: to write it would open that one again, or complete the one that came after it. Whoever gives the record another date
    /// means that one.
    pub(super) fn is_of_the_one_before(&self) -> bool {
        let is_completed = || self.sides.record.get(Field::Status) == Some(*COMPLETED);
        let is_about_it = match self.block {
            Block::TaskDates | Block::Reminder => self.record_changed.is_empty(),
            Block::Progress => self.record_changed.is_empty() || is_completed(),
            _ => false,
        };
        self.sides.went_on && self.sides.taken.is_none() && !self.dated && is_about_it
    }

    /// Settles the block as it is, and says so once.
    pub(super) fn leave_behind(&self, merge: &mut Merge) {
        if self.is_open() {
            merge.say(Code::SeriesWentOn, self.differing);
        }
        merge.settle = merge.settle.union(self.fields);
    }
}
