import CKernels
import Locking

/// Layer 3: keys and values of what was computed, in memory and on disk.
///
/// A wrong token never comes out of it: tokens are compared, bytes are checked, and what fails is forgotten, counted and computed
/// again. Nothing here stops the engine: a directory that cannot be used, a full disk or a damaged file cost speed only.
final class KVStore: Sendable {
    let settings: CacheSettings
    let budget: KVBudget
    private let layout: ck_kv_layout
    private let namespace: BlockKey
    private let disk: SegmentDirectory?
    private let writer: Mutex<BlockWriter?> = Mutex(nil)
    private let state: Mutex<State>
    /// Why there is no disk behind the cache, where one was asked for.
    let diskFailure: RuntimeError?

    private struct State {
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
        if settings.enabled, let directory = settings.directory {
            do throws(RuntimeError) {
                disk = try Self.open(directory, namespace, maxBytes: settings.maxBytes)
            } catch {
                failure = error
            }
        }
        self.disk = disk
        diskFailure = failure
        guard let disk else { return }
        _ = disk.tryBecomeWriter()
        adoptDisk(disk)
        let waiting = min(max((256 << 20) / max(budget.blockBytes, 1), 4), 256)
        let writer = try BlockWriter(limit: waiting) { [weak self] job in self?.perform(job) }
        self.writer.withLock { $0 = writer }
    }

    private static func open(_ directory: String, _ namespace: BlockKey, maxBytes: Int) throws(RuntimeError) -> SegmentDirectory {
        try NamespaceFolders.makeRoom(in: directory, for: namespace.shortName, maxBytes: maxBytes)
        // Small enough that a few dead segments give much back, large enough for sequential reads.
        let segmentBytes = min(max(maxBytes / 16, 1 << 20), 256 << 20)
        return try SegmentDirectory(path: directory + "/" + namespace.shortName, namespace: namespace, segmentBytes: segmentBytes)
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

    /// The longest known beginning of `tokens`, marked as used.
    func match(_ tokens: ArraySlice<Int32>) -> PrefixTree.Match {
        state.withLock { state in
            state.counts.requests += 1
            let match = state.tree.match(tokens)
            state.tree.touch(match.blocks.map(\.key) + (match.partial.map { [$0.node.key] } ?? []))
            return match
        }
    }

    func cachedPrefixLength(of tokens: [Int32]) -> Int {
        let known = state.withLock { $0.tree.match(tokens[...]).tokens }
        // The last token is always computed: its logits are what a request is for.
        return min(known, max(tokens.count - 1, 0))
    }

    func count(hit tokens: Int, source: CacheSource) {
        state.withLock { state in
            state.counts.hitTokens += tokens
            state.counts.sharedBlocks += tokens / LanguageModel.blockTokens
            if source == .memory { state.counts.memoryHits += 1 }
            if source == .disk { state.counts.diskHits += 1 }
        }
    }

    /// A new block, when need be in place of the least recently used ones that only the cache holds.
    func makeBlock() throws(RuntimeError) -> KVBlock {
        let excess = budget.count + 1 - budget.limit
        if excess > 0 {
            let removed = state.withLock { $0.tree.releaseMemory(blocks: excess + budget.limit / 16) }
            forget(removed)
        }
        return try KVBlock(budget: budget)
    }

    func copy(_ block: KVBlock, tokens: Int) throws(RuntimeError) -> KVBlock {
        let copy = try makeBlock()
        withUnsafePointer(to: layout) { ck_kv_copy_prefix($0, block.memory.base, copy.memory.base, Int64(tokens)) }
        return copy
    }

    /// Reads a node's block from disk; nil, and the node forgotten with all that follows it, where it is not what it should be.
    /// A full block is shared from then on; a shorter one is the caller's own.
    func restore(_ node: PrefixTree.Node) throws(RuntimeError) -> KVBlock? {
        guard let disk, let record = node.record else { return nil }
        let block = try makeBlock()
        var layout = layout
        let length = ck_kv_prefix_bytes(&layout, Int64(node.tokens.count))
        let result: SegmentDirectory.ReadResult
        if record.length != length {
            result = .broken
        } else if node.isFull {
            result = disk.read(
                record, key: node.key, tokens: node.tokens, into: UnsafeMutableRawBufferPointer(start: block.memory.base, count: length))
        } else {
            let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: length, alignment: 64)
            defer { buffer.deallocate() }
            result = disk.read(record, key: node.key, tokens: node.tokens, into: buffer)
            if result == .good, let base = buffer.baseAddress { ck_kv_scatter(&layout, base, block.memory.base, Int64(node.tokens.count)) }
        }
        let removed: [PrefixTree.Node] = state.withLock { state in
            guard result == .good else {
                if result == .broken { state.counts.verifyFailures += 1 }
                return state.tree.removeSubtree(node.key)
            }
            state.counts.restoredTokens += node.tokens.count
            state.counts.restoredBytes += length
            if node.isFull { state.tree.setBlock(node.key, block) }
            return []
        }
        forget(removed)
        return result == .good ? block : nil
    }

    // MARK: Keeping

    /// Keeps the full blocks of a sequence of computed `tokens`, and at its end (`isFinal`) the tail too, which nobody writes any more.
    func keep(_ tokens: ArraySlice<Int32>, blocks: [KVBlock], isSideCall: Bool, isFinal: Bool) {
        guard settings.enabled else { return }
        let size = LanguageModel.blockTokens
        var dropped: [PrefixTree.Node] = []
        var stores: [BlockKey] = []
        state.withLock { state in
            var tip = namespace
            for (index, block) in blocks.enumerated() {
                let part = tokens.dropFirst(index * size).prefix(size)
                guard part.count == size || isFinal && !part.isEmpty else { break }
                let known = state.tree.insert(parent: tip, start: index * size, tokens: part, isSideCall: isSideCall, block: block)
                guard let insertion = known else { break }
                tip = insertion.key
                dropped.append(contentsOf: insertion.replaced)
                if insertion.isNew { state.counts.storedBlocks += 1 }
                if let node = state.tree[tip], node.record == nil, !node.isQueued, node.block != nil {
                    state.tree.setQueued(tip, true)
                    stores.append(tip)
                }
            }
            guard isFinal, tip != namespace else { return }
            state.tree.occupySlot(tip, isSideCall: isSideCall)
            dropped.append(contentsOf: state.tree.trimSlots(limit: max(settings.slots, 1), sideLimit: max(settings.slots / 4, 1)))
        }
        guard let writer = writer.withLock({ $0 }) else { return }
        for key in stores where !writer.enqueue(.store(key)) {
            state.withLock { state in
                state.tree.setQueued(key, false)
                state.counts.droppedWrites += 1
            }
        }
        forget(dropped)
        if isFinal { _ = writer.enqueue(.endOfRequest) }
    }

    /// Nodes that left the tree: their records go.
    private func forget(_ nodes: [PrefixTree.Node]) {
        guard !nodes.isEmpty else { return }
        state.withLock { $0.counts.evictedBlocks += nodes.count }
        guard let writer = writer.withLock({ $0 }) else { return }
        for record in nodes.compactMap(\.record) { _ = writer.enqueue(.kill(record)) }
    }

    // MARK: On the writer's thread

    private func perform(_ job: BlockWriter.Job) {
        guard let disk else { return }
        if !disk.isWriter {
            if case .kill = job { return }
            guard disk.tryBecomeWriter() else {
                if case .store(let key) = job { state.withLock { $0.tree.setQueued(key, false) } }
                return
            }
            adoptDisk(disk)
        }
        switch job {
        case .store(let key): store(key, disk)
        case .kill(let record): disk.kill(record)
        case .endOfRequest:
            if !disk.synchronize() { state.withLock { $0.counts.writeFailures += 1 } }
        }
    }

    private func store(_ key: BlockKey, _ disk: SegmentDirectory) {
        let job: (node: PrefixTree.Node, sequence: UInt64)? = state.withLock { state in
            guard let node = state.tree[key], node.record == nil else { return nil }
            return (node, state.tree.tick())
        }
        guard let (node, sequence) = job, let block = node.block else {
            return state.withLock { $0.tree.setQueued(key, false) }
        }
        var layout = layout
        let length = ck_kv_prefix_bytes(&layout, Int64(node.tokens.count))
        guard makeDiskRoom(for: RecordLocation(segment: 0, offset: 0, length: length).extent, disk) else {
            return state.withLock { state in
                state.tree.setQueued(key, false)
                state.counts.droppedWrites += 1
            }
        }
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: length, alignment: 64)
        defer { buffer.deallocate() }
        if let base = buffer.baseAddress { ck_kv_gather(&layout, block.memory.base, base, Int64(node.tokens.count)) }
        let header = RecordHeader(
            namespace: namespace, key: key, parent: node.parent, sequence: sequence, start: node.start, tokens: node.tokens, payloadLength: length,
            payloadCRC: ck_crc32c(0, buffer.baseAddress, length), isSideCall: node.isSideCall)
        do throws(RuntimeError) {
            let record = try disk.append(header, payload: UnsafeRawBufferPointer(buffer))
            let isWanted = state.withLock { state in
                state.tree.setRecord(key, record)
                return state.tree[key] != nil
            }
            if !isWanted { disk.kill(record) }
        } catch {
            state.withLock { state in
                state.tree.setQueued(key, false)
                state.counts.writeFailures += 1
            }
        }
    }

    /// Leaves go, oldest first, until `extent` more bytes fit.
    private func makeDiskRoom(for extent: Int, _ disk: SegmentDirectory) -> Bool {
        while disk.bytes + extent > settings.maxBytes {
            let oldest = state.withLock { state in
                let node = state.tree.removeOldestLeaf { $0.record != nil }
                if node != nil { state.counts.evictedBlocks += 1 }
                return node
            }
            guard let record = oldest?.record else { return false }
            disk.kill(record)
        }
        return true
    }

    /// Takes over what the disk holds now.
    private func adoptDisk(_ disk: SegmentDirectory) {
        let (found, broken) = disk.scan()
        let live = Set(found.map(\.location))
        let nodes = found.map { record in
            PrefixTree.Node(
                key: record.header.key, parent: record.header.parent, start: record.header.start, tokens: record.header.tokens,
                isSideCall: record.header.isSideCall, block: nil, record: record.location, lastUse: record.header.sequence)
        }
        let unwanted: [PrefixTree.Node] = state.withLock { state in
            state.counts.verifyFailures += broken
            for node in Array(state.tree.nodes.values) {
                guard let record = node.record, !live.contains(record) else { continue }
                if node.block == nil { _ = state.tree.removeSubtree(node.key) } else { state.tree.setRecord(node.key, nil) }
            }
            let (orphans, replaced) = state.tree.adopt(nodes)
            let trimmed = state.tree.trimSlots(limit: max(settings.slots, 1), sideLimit: max(settings.slots / 4, 1))
            return orphans + replaced + trimmed
        }
        for record in unwanted.compactMap(\.record) where disk.isWriter { disk.kill(record) }
    }

    // MARK: The end, and numbers

    /// Writes what waits, lets the lock go.
    func close() {
        let last = writer.withLock { writer in
            let last = writer
            writer = nil
            return last
        }
        last?.finish()
        if let disk {
            _ = disk.synchronize()
            disk.release()
        }
    }

    /// Whether all that was kept is on disk, as far as it goes there.
    var isFlushed: Bool { writer.withLock { $0?.isIdle ?? true } }

    var statistics: CacheStatistics {
        var counts = state.withLock { state in
            var counts = state.counts
            counts.blocks = state.tree.nodes.count
            counts.slots = state.tree.slots.count
            return counts
        }
        counts.bytesInMemory = budget.count * budget.blockBytes
        counts.bytesOnDisk = disk?.bytes ?? 0
        counts.isWriter = disk?.isWriter ?? false
        return counts
    }
}
