//! How much of the disk the files of lists take that bind nobody any more.

use ringfence_store::list::{ListPruning, PRUNE_DAYS_DEFAULT};

use super::super::{Failure, World};
use super::{Finding, found};

/// From here on it is said: some five versions of the whole registry.
const NOTE_BYTES: u64 = 1_000_000_000;

pub(super) fn look(world: &World, findings: &mut Vec<Finding>) -> Result<(), Failure> {
    let prunable = world
        .store
        .prunable_lists(PRUNE_DAYS_DEFAULT, world.now())?;
    findings.extend(judge(&prunable));
    Ok(())
}

fn judge(prunable: &ListPruning) -> Option<Finding> {
    let bytes = prunable.bytes;
    if bytes < NOTE_BYTES {
        return None;
    }
    let detail = format!(
        "{} versions that have bound nobody for {} days take {}.{} GB: `ringfence lists prune` removes them",
        prunable.versions.len(),
        prunable.older_than_days,
        bytes / 1_000_000_000,
        bytes % 1_000_000_000 / 100_000_000,
    );
    Some(found("list-files", "note", detail))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn much_is_a_note_with_the_command() {
        let taking = |bytes| {
            judge(&ListPruning {
                dry_run: true,
                older_than_days: PRUNE_DAYS_DEFAULT,
                versions: Vec::new(),
                bytes,
            })
        };
        assert!(taking(999_999_999).is_none());
        let note = taking(1_234_567_890).unwrap();
        assert_eq!((note.check, note.state), ("list-files", "note"));
        assert!(note.detail.contains("1.2 GB"), "{}", note.detail);
        assert!(note.detail.contains("`ringfence lists prune`"));
    }
}
