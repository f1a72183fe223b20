import CKernels
import Locking

/// Layer 3: keys and values of what was computed, in memory and on disk.
///
/// A wrong token never comes out of it: tokens are compared, bytes are checked, and what fails is forgotten, counted and computed
/// again. Nothing here stops the engine: a directory that cannot be used, a full disk or a damaged file cost speed only.
final class KVStore: Sendable {
    let settings: CacheSettings
    let budget: KVBudget
    /// What other models have left of `settings.maxBytes`.
    let diskBytes: Int
    let layout: ck_kv_layout
    let namespace: BlockKey
    let disk: SegmentDirectory?
    let writer: Mutex<BlockWriter?> = Mutex(nil)
    private let preparer: BlockPreparer
    let state: Mutex<State>
    /// Why there is no disk behind the cache, where one was asked for.
    let diskFailure: RuntimeError?

    struct State {
        var tree: PrefixTree
        var counts = CacheStatistics()
    }

    init(model: LanguageModel, settings: CacheSettings, budget: KVBudget) throws(RuntimeError) {
        self.settings = settings
        self.budget = budget
        layout = model.layout
        namespace = Self.namespace(model)
        state = Mutex(State(tree: PrefixTree(root: namespace)))
        var disk: SegmentDirectory?
        var failure: RuntimeError?
        var others = 0
        if settings.enabled, let directory = settings.directory {
            do throws(RuntimeError) {
                (disk, others) = try Self.open(directory, namespace, maxBytes: settings.maxBytes)
            } catch {
                failure = error
            }
        }
        self.disk = disk
        diskBytes = max(settings.maxBytes - others, 0)
        diskFailure = failure
        preparer = try BlockPreparer(budget: budget)
        guard let disk else { return }
        _ = disk.tryBecomeWriter()
        adoptDisk(disk)
        // Keys wait, not blocks: what memory has let go in the meantime is passed over.
        do throws(RuntimeError) {
            let writer = try BlockWriter(limit: 1 << 16) { [weak self] job in self?.perform(job) }
            self.writer.withLock { $0 = writer }
        } catch {
            preparer.finish()
            throw error
        }
    }

    private static func open(_ directory: String, _ namespace: BlockKey, maxBytes: Int) throws(RuntimeError) -> (SegmentDirectory, others: Int) {
        let others = try NamespaceFolders.makeRoom(in: directory, for: namespace.shortName, maxBytes: maxBytes)
        // Small enough that a few dead segments give much back, large enough for sequential reads.
        let segmentBytes = min(max(maxBytes / 16, 1 << 20), 256 << 20)
        let path = directory + "/" + namespace.shortName
        return (try SegmentDirectory(path: path, namespace: namespace, segmentBytes: segmentBytes), others)
    }

    /// Everything that keys and values depend on.
    private static func namespace(_ model: LanguageModel) -> BlockKey {
        let layout = model.layout
        return BlockKey.namespace([
            "anyclaude-kv/v2", model.fingerprint, model.precision.rawValue, "\(model.instructionSet)",
            "layers \(layout.layers) heads \(layout.heads) size \(layout.head_size) kind \(layout.kind) block \(LanguageModel.blockTokens)",
        ])
    }

    // MARK: Finding

    /// The longest known beginning of `tokens`. Its blocks stay in memory as long as the result does.
    func match(_ tokens: ArraySlice<Int32>) -> PrefixTree.Match { state.withLock { $0.tree.match(tokens) } }

    /// What was matched is used now.
    func touch(_ match: PrefixTree.Match) {
        state.withLock { $0.tree.touch(match.blocks.map(\.key) + (match.partial.map { [$0.node.key] } ?? [])) }
    }

    func cachedPrefixLength(of tokens: [Int32]) -> Int {
        let known = state.withLock { $0.tree.match(tokens[...]).tokens }
        // The last token is always computed: its logits are what a request is for.
        return min(known, max(tokens.count - 1, 0))
    }

    /// Counts a request that looked for its prompt and found so much.
    func count(hit tokens: Int, source: CacheSource) {
        guard settings.enabled else { return }
        state.withLock { state in
            state.counts.requests += 1
            state.counts.hitTokens += tokens
            state.counts.sharedBlocks += tokens / LanguageModel.blockTokens
            if source == .memory { state.counts.memoryHits += 1 }
            if source == .disk { state.counts.diskHits += 1 }
        }
    }

    // MARK: The end, and numbers

    /// Writes what waits, lets the lock go.
    func close() {
        preparer.finish()
        let last = writer.withLock { writer in
            let last = writer
            writer = nil
            return last
        }
        // A supervisor that waits for the end does not wait for ever.
        let lost = last?.finish(within: .seconds(5)) ?? 0
        if lost > 0 { state.withLock { $0.counts.droppedWrites += lost } }
        if let disk {
            _ = disk.synchronize()
            disk.release()
        }
    }

    /// Whether requests are being computed: saving waits for them.
    func setEngineBusy(_ isBusy: Bool) {
        preparer.setEngineBusy(isBusy)
        writer.withLock { $0 }?.setEngineBusy(isBusy)
    }

    /// Whether all that was kept is on disk, as far as it goes there.
    var isFlushed: Bool { writer.withLock { $0?.isIdle ?? true } }

    var statistics: CacheStatistics {
        var counts = state.withLock { state in
            var counts = state.counts
            counts.blocks = state.tree.nodes.count
            counts.slots = state.tree.slots.count
            counts.pins = state.tree.pins.count
            counts.storedTokens = state.tree.nodes.values.reduce(0) { $0 + $1.tokens.count }
            counts.chainTokens = state.tree.chainTokens
            return counts
        }
        counts.waitingWrites = writer.withLock { $0?.waiting ?? 0 }
        counts.bytesInMemory = budget.bytes
        counts.bytesOnDisk = disk?.bytes ?? 0
        counts.isWriter = disk?.isWriter ?? false
        return counts
    }
}
