import Checkpoint

extension Checkpoint {
    /// Reads the headers of the checkpoint in `directory`; milliseconds, and most mistakes show.
    @discardableResult
    static func read(_ directory: String) throws(RuntimeError) -> Checkpoint {
        do throws(CheckpointError) {
            return try Checkpoint(directory: directory)
        } catch {
            throw RuntimeError(error.message, hint: error.hint, file: error.file)
        }
    }
}
