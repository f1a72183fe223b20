import Testing

@testable import InferenceRuntime

/// What becomes of blocks that several sequences compute, and of those that wait for the disk when memory is short.
struct KVStoreTests {
    let files: TinyModel
    let model: LanguageModel

    init() throws {
        files = try TinyModel()
        model = try files.load()
    }

    func store(limit: Int) throws -> KVStore {
        try KVStore(model: model, settings: CacheSettings(), budget: KVBudget(blockBytes: model.blockBytes, limit: limit))
    }

    func blocks(_ count: Int, of store: KVStore) throws -> [KVBlock] { try (0..<count).map { _ in try store.makeBlock() } }

    func keep(_ seed: UInt64, blocks count: Int, in store: KVStore) throws {
        let tokens = TinyModel.tokens(count * LanguageModel.blockTokens, seed: seed)
        store.keep(tokens[...], blocks: try blocks(count, of: store), isSideCall: false, isFinal: true)
    }

    @Test func whatWaitsForTheDiskIsLetGoLastAndCounted() throws {
        let store = try store(limit: 4)
        // It waits for the end of a request that has none.
        let writer = try BlockWriter(limit: 100, patience: .seconds(86400)) { _ in }
        writer.setEngineBusy(true)
        store.writer.withLock { $0 = writer }
        try keep(1, blocks: 2, in: store)
        try keep(2, blocks: 2, in: store)
        let saved = store.namespace.child(TinyModel.tokens(512, seed: 2)[..<256]).child(TinyModel.tokens(512, seed: 2)[256...])
        store.state.withLock { $0.tree.setRecord(saved, RecordLocation(segment: 1, offset: 0, length: 10)) }
        let first = try store.makeBlock()
        #expect(store.statistics.droppedWrites == 0 && store.statistics.evictedBlocks == 0)
        #expect(store.state.withLock { $0.tree[saved] != nil && $0.tree[saved]?.block == nil })
        let second = try store.makeBlock()
        #expect(store.statistics.droppedWrites == 1 && store.statistics.evictedBlocks == 1)
        #expect(store.budget.count == 4)
        withExtendedLifetime((first, second)) {}
        store.close()
    }

    @Test func withoutADiskNoWriteIsDropped() throws {
        let store = try store(limit: 4)
        try keep(1, blocks: 4, in: store)
        let block = try store.makeBlock()
        #expect(store.statistics.evictedBlocks == 1 && store.statistics.droppedWrites == 0)
        withExtendedLifetime(block) {}
        store.close()
    }

    @Test func equalBlocksOfTwoSequencesBecomeOne() throws {
        let store = try store(limit: 100)
        let tokens = TinyModel.tokens(600)
        func fill(_ blocks: [KVBlock], _ value: UInt8) {
            for block in blocks { block.memory.base.initializeMemory(as: UInt8.self, repeating: value, count: block.memory.count) }
        }
        let one = try blocks(3, of: store)
        fill(one, 1)
        let kept = store.keep(tokens[...], blocks: one, isSideCall: false, isFinal: false)
        #expect(kept.map(ObjectIdentifier.init) == one.map(ObjectIdentifier.init))
        var other = try blocks(3, of: store)
        fill(other, 1)
        // The tail is written on, by each sequence for itself.
        let tail = other[2]
        other = store.keep(tokens[...], blocks: other, isSideCall: false, isFinal: false)
        #expect(other[0] === one[0] && other[1] === one[1] && other[2] === tail)
        #expect(store.budget.count == 4)
        let third = try blocks(2, of: store)
        fill(third, 1)
        fill([third[1]], 2)
        let different = store.keep(tokens[..<512], blocks: third, isSideCall: false, isFinal: false)
        #expect(different[0] === one[0] && different[1] === third[1])
        store.close()
    }
}
