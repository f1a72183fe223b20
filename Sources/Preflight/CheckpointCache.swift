import Checkpoint

/// The models of one look: a plan asks about the same one several times.
final class CheckpointCache {
    private var opened: [String: Result<Checkpoint, CheckpointError>] = [:]

    func open(_ directory: String) throws(CheckpointError) -> Checkpoint {
        if let known = opened[directory] { return try known.get() }
        let result = Result { () throws(CheckpointError) in try Checkpoint(directory: directory) }
        opened[directory] = result
        return try result.get()
    }
}
