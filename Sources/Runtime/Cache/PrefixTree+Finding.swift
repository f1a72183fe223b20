extension PrefixTree {
    struct Node {
        let key: BlockKey
        let parent: BlockKey
        /// Position of the first token.
        let start: Int
        let tokens: [Int32]
        let isSideCall: Bool
        /// Nil where it is on disk only.
        var block: KVBlock?
        /// Nil where it is not (yet) on disk.
        var record: RecordLocation?
        /// The writer has it in its queue.
        var isQueued = false
        var lastUse: UInt64

        var end: Int { start + tokens.count }
        var isFull: Bool { tokens.count == LanguageModel.blockTokens }
    }

    /// A chain that a request ended with, and that no other kept chain extends.
    struct Slot {
        var tip: BlockKey
        var isSideCall: Bool
        var lastUse: UInt64
    }

    /// A prefix that many conversations begin with. It goes when all that is not pinned has gone, or in favour of later ones.
    struct Pin {
        var tip: BlockKey
        var lastUse: UInt64
    }

    /// What is known of a prompt: full blocks from the start, and then a part of one more.
    struct Match {
        var blocks: [Node] = []
        var partial: (node: Node, tokens: Int)?
        var tokens: Int { blocks.count * LanguageModel.blockTokens + (partial?.tokens ?? 0) }
    }

    /// The longest known beginning of `tokens`. A block on disk is worth reading for a part of it from `minimumFromDisk` tokens on.
    func match(_ tokens: ArraySlice<Int32>, minimumFromDisk: Int = 32) -> Match {
        let size = LanguageModel.blockTokens
        var match = Match()
        var parent = root
        var rest = tokens
        while rest.count >= size {
            let key = parent.child(rest.prefix(size))
            guard let node = nodes[key], node.tokens.elementsEqual(rest.prefix(size)) else { break }
            match.blocks.append(node)
            parent = key
            rest = rest.dropFirst(size)
        }
        for node in children[parent, default: []].lazy.compactMap({ nodes[$0] }) {
            let common = zip(node.tokens, rest).prefix { $0 == $1 }.count
            guard common > (match.partial?.tokens ?? 0), common >= (node.block == nil ? minimumFromDisk : 1) else { continue }
            match.partial = (node, common)
        }
        return match
    }
}
