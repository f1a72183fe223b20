import Testing

@testable import InferenceRuntime

struct PrefixTreeTests {
    let root = BlockKey.namespace(["test"])
    let budget = KVBudget(blockBytes: 64, limit: 1000)

    /// Inserts the chain of `tokens` and gives it a slot.
    func keep(_ tokens: [Int32], in tree: inout PrefixTree, isSideCall: Bool = false, block: KVBlock? = nil) throws -> [PrefixTree.Node] {
        var replaced: [PrefixTree.Node] = []
        var parent = root
        for start in stride(from: 0, to: tokens.count, by: 256) {
            let part = tokens[start..<min(start + 256, tokens.count)]
            let kept = try block ?? KVBlock(budget: budget)
            let known = tree.insert(parent: parent, start: start, tokens: part, isSideCall: isSideCall, block: kept)
            let insertion = try #require(known)
            parent = insertion.key
            replaced += insertion.replaced
        }
        tree.occupySlot(parent, isSideCall: isSideCall)
        return replaced
    }

    @Test func theLongestBeginningIsFoundToTheToken() throws {
        var tree = PrefixTree(root: root)
        let tokens = TinyModel.tokens(700)
        _ = try keep(tokens, in: &tree)
        #expect(tree.match(tokens[...]).tokens == 700)
        #expect(tree.match(tokens[..<699]).tokens == 699)
        #expect(tree.match((tokens[..<600] + [299, 299, 299])[...]).tokens >= 600)
        #expect(tree.match((tokens[..<300] + TinyModel.tokens(400, seed: 5))[...]).tokens - 300 < 3)
        #expect(tree.match([]).tokens == 0)
        let other = tokens.map { ($0 + 1) % 300 }
        #expect(tree.match(other[...]).tokens == 0)
    }

    @Test func aLongerTailReplacesTheShorterOne() throws {
        var tree = PrefixTree(root: root)
        let tokens = TinyModel.tokens(900)
        #expect(try keep(Array(tokens[..<300]), in: &tree).isEmpty)
        #expect(try keep(Array(tokens[..<400]), in: &tree).map(\.tokens.count) == [44])
        #expect(try keep(Array(tokens[..<900]), in: &tree).map(\.tokens.count) == [144])
        #expect(tree.slots.count == 1)
        // The shorter one is a part of what is there.
        #expect(try keep(Array(tokens[..<350]), in: &tree).isEmpty)
        #expect(tree.slots.count == 1)
        #expect(tree.nodes.count == 4)
    }

    @Test func sharedBlocksStayWhileASlotNeedsThem() throws {
        var tree = PrefixTree(root: root)
        let shared = TinyModel.tokens(512)
        for seed in 1...4 { _ = try keep(shared + TinyModel.tokens(300, seed: UInt64(seed)), in: &tree) }
        #expect(tree.slots.count == 4)
        #expect(tree.nodes.count == 2 + 4 * 2)
        let removed = tree.trimSlots(limit: 1, sideLimit: 1)
        #expect(removed.count == 6)
        #expect(tree.match((shared + TinyModel.tokens(300, seed: 4))[...]).tokens == 812)
        #expect(tree.trimSlots(limit: 0, sideLimit: 1).count == 4)
        #expect(tree.nodes.isEmpty && tree.children.isEmpty)
    }

    @Test func sideCallsHaveTheirOwnShare() throws {
        var tree = PrefixTree(root: root)
        _ = try keep(TinyModel.tokens(300, seed: 1), in: &tree)
        for seed in 2...9 { _ = try keep(TinyModel.tokens(300, seed: UInt64(seed)), in: &tree, isSideCall: true) }
        _ = tree.trimSlots(limit: 3, sideLimit: 2)
        #expect(tree.slots.filter(\.isSideCall).count == 2)
        #expect(tree.match(TinyModel.tokens(300, seed: 1)[...]).tokens == 300)
    }

    @Test func leavesGoFirstAndTheOldestOfThem() throws {
        var tree = PrefixTree(root: root)
        _ = try keep(TinyModel.tokens(600, seed: 1), in: &tree)
        _ = try keep(TinyModel.tokens(600, seed: 2), in: &tree)
        let first = try #require(tree.removeOldestLeaf { _ in true })
        #expect(first.start == 512)
        #expect(tree.match(TinyModel.tokens(600, seed: 1)[...]).tokens == 512)
        #expect(tree.match(TinyModel.tokens(600, seed: 2)[...]).tokens == 600)
        #expect(tree.slots.count == 2)
    }

    @Test func whatIsFoundOnDiskJoinsTheTreeInAnyOrder() throws {
        var source = PrefixTree(root: root)
        _ = try keep(TinyModel.tokens(1000), in: &source)
        var found = source.nodes.values.map { node in
            var node = node
            node.block = nil
            node.record = RecordLocation(segment: 1, offset: node.start * 4096, length: 10)
            return node
        }
        found.sort { $0.start > $1.start }
        var tree = PrefixTree(root: root)
        let all = tree.adopt(found)
        #expect(all.orphans.isEmpty && all.replaced.isEmpty)
        #expect(tree.match(TinyModel.tokens(1000)[...]).tokens == 1000)
        #expect(tree.slots.count == 1)
        var broken = PrefixTree(root: root)
        let rest = broken.adopt(found.filter { $0.start != 256 })
        #expect(rest.orphans.map(\.start).sorted() == [512, 768])
        #expect(broken.match(TinyModel.tokens(1000)[...]).tokens == 256)
    }

    @Test func memoryInUseIsNotReleased() throws {
        var tree = PrefixTree(root: root)
        var held: KVBlock? = try KVBlock(budget: budget)
        _ = try keep(TinyModel.tokens(200, seed: 1), in: &tree, block: held)
        #expect(tree.releaseMemory(blocks: 5).isEmpty)
        held = nil
        #expect(held == nil)
        #expect(tree.releaseMemory(blocks: 5).count == 1)
        #expect(budget.count == 0)
    }

    @Test func whatTheDiskHasGoesBeforeWhatIsStillToBeWritten() throws {
        var tree = PrefixTree(root: root)
        for seed in 1...3 { _ = try keep(TinyModel.tokens(200, seed: UInt64(seed)), in: &tree) }
        func key(_ seed: UInt64) -> BlockKey { root.child(TinyModel.tokens(200, seed: seed)[...]) }
        // The first waits for the writer, the second will never be written, the third is.
        tree.setQueued(key(1), true)
        tree.setRecord(key(3), RecordLocation(segment: 1, offset: 0, length: 10))
        // What is returned holds its block: no such value outlives its statement here.
        let unwritten = tree.releaseMemory(blocks: 1).map(\.key)
        #expect(unwritten == [key(2)])
        let written = tree.releaseMemory(blocks: 1).map(\.key)
        #expect(written.isEmpty)
        #expect(tree[key(3)]?.block == nil && tree[key(1)]?.block != nil)
        let last = tree.releaseMemory(blocks: 1).map { ($0.key, $0.isQueued) }
        #expect(last.map(\.0) == [key(1)] && last.allSatisfy(\.1))
        #expect(budget.count == 0)
    }

    @Test func aPinThatIsNotOnDiskGoesLast() throws {
        var tree = PrefixTree(root: root)
        _ = try keep(TinyModel.tokens(200, seed: 1), in: &tree)
        let pinned = root.child(TinyModel.tokens(200, seed: 1)[...])
        _ = tree.pin(pinned, limit: 1)
        #expect(tree.isPinned(pinned))
        _ = try keep(TinyModel.tokens(200, seed: 2), in: &tree)
        let waiting = root.child(TinyModel.tokens(200, seed: 2)[...])
        tree.setQueued(waiting, true)
        let first = tree.releaseMemory(blocks: 1)
        #expect(first.map(\.key) == [waiting])
        let second = tree.releaseMemory(blocks: 1)
        #expect(second.map(\.key) == [pinned])
    }

    @Test func aWholeChainIsReleasedFromItsEnd() throws {
        var tree = PrefixTree(root: root)
        _ = try keep(TinyModel.tokens(900), in: &tree)
        let released = tree.releaseMemory(blocks: 3).map(\.start)
        #expect(released == [768, 512, 256])
        #expect(tree.match(TinyModel.tokens(900)[...]).tokens == 256)
        #expect(budget.count == 1)
    }
}
