import Testing

@testable import InferenceRuntime

/// What does not fit in a checkpoint with experts is said before a weight is read: what, where, and what to do.
struct BadExpertTests {
    struct Bad: Sendable, CustomTestStringConvertible {
        var testDescription: String
        var form = ExpertCheckpoint.Form.stacked4Bit
        var shards = 1
        /// What is wrong from the start, and what goes wrong with the files afterwards.
        var change: @Sendable (ExpertCheckpoint) throws -> Void = { _ in }
        var damage: @Sendable (ExpertCheckpoint) throws -> Void = { _ in }
        var message: String
        /// Within the directory; the directory itself where empty.
        var file = "/model.safetensors"

        /// A tensor of another shape, with the bytes that belong to it.
        static func shape(_ name: String, _ shape: [Int], needs: [Int], _ form: ExpertCheckpoint.Form = .stacked4Bit) -> Bad {
            Bad(
                testDescription: "\(name) of \(shape)", form: form, change: { try $0.reshape(name, shape) },
                message: "tensor `\(name)` has the shape \(shape), config.json needs \(needs)")
        }

        static func missing(_ name: String, _ form: ExpertCheckpoint.Form = .stacked4Bit) -> Bad {
            Bad(
                testDescription: "no \(name)", form: form, change: { files in files.tensors.removeAll { $0.name == name } },
                message: "tensor `\(name)` is missing", file: "")
        }

        static func member(_ key: String, _ value: String, _ message: String, file: String = "/config.json") -> Bad {
            Bad(testDescription: "\(key): \(value)", change: { $0.configuration[key] = value }, message: message, file: file)
        }

        /// A header that claims a shape which its bytes do not have.
        static func claimed(_ shape: [Int], _ message: String) -> Bad {
            Bad(testDescription: "claims \(shape)", change: { try $0.claim("\(BadExpertTests.stack)gate_proj.weight", shape) }, message: message)
        }

        static func index(_ name: String, _ file: String, _ message: String) -> Bad {
            Bad(
                testDescription: "index: \(file)", shards: 3, damage: { try $0.writeIndex(shards: 3, moved: [name: file]) }, message: message,
                file: "/model.safetensors.index.json")
        }
    }

    private static let mlp = "model.layers.0.mlp."
    private static let stack = "model.layers.0.mlp.switch_mlp."

    private static let shapes: [Bad] = [
        // Another number of experts, in each tensor of a stack.
        .shape("\(stack)gate_proj.weight", [15, 64, 16], needs: [16, 64, 16]),
        .shape("\(stack)up_proj.weight", [17, 64, 16], needs: [16, 64, 16]),
        .shape("\(stack)down_proj.weight", [0, 128, 8], needs: [16, 128, 8]),
        .shape("\(stack)up_proj.scales", [1, 64, 2], needs: [16, 64, 2]),
        .shape("\(stack)down_proj.biases", [8, 128, 1], needs: [16, 128, 1]),
        .shape("\(mlp)gate.weight", [8, 32], needs: [16, 32]),
        // Other rows and columns; the second has the right number of bytes.
        .shape("\(stack)gate_proj.weight", [16, 63, 16], needs: [16, 64, 16]),
        .shape("\(stack)gate_proj.weight", [16, 16, 64], needs: [16, 64, 16]),
        .shape("\(stack)up_proj.weight", [16, 64, 32], needs: [16, 64, 16]),
        .shape("\(stack)down_proj.weight", [16, 64, 16], needs: [16, 128, 8]),
        // Scales and biases of other groups.
        .shape("\(stack)gate_proj.scales", [16, 64, 4], needs: [16, 64, 2]),
        .shape("\(stack)gate_proj.biases", [16, 64, 1], needs: [16, 64, 2]),
        .shape("\(stack)gate_proj.scales", [16, 2, 64], needs: [16, 64, 2]),
        // A dimension too few or too many.
        .shape("\(stack)up_proj.weight", [1024, 16], needs: [16, 64, 16]),
        .shape("\(stack)up_proj.scales", [1024, 2], needs: [16, 64, 2]),
        .shape("\(stack)up_proj.weight", [16384], needs: [16, 64, 16]),
        .shape("\(stack)up_proj.weight", [], needs: [16, 64, 16]),
        .shape("\(stack)down_proj.weight", [1, 16, 128, 8], needs: [16, 128, 8]),
        .shape("\(mlp)gate.weight", [1, 16, 32], needs: [16, 32]),
        .shape("\(stack)down_proj.weight", [2048, 64], needs: [16, 128, 64], .stackedBF16),
        .shape("\(mlp)experts.3.down_proj.weight", [1, 128, 64], needs: [128, 64], .numberedBF16),
        .shape("\(mlp)experts.15.gate_proj.weight", [16, 64, 128], needs: [64, 128], .numberedBF16),
        .shape("\(mlp)experts.0.up_proj.weight", [128, 64], needs: [64, 128], .numberedBF16),
        // Products that are no number, or wrap around to the right one.
        .claimed([4_611_686_018_427_387_904, 4, 4], "tensor `\(stack)gate_proj.weight` has a shape larger than any file"),
        .claimed([.max, .max, .max], "tensor `\(stack)gate_proj.weight` has a shape larger than any file"),
        .claimed([16, 64, -16], "tensor `\(stack)gate_proj.weight` has the extent -16 in its shape"),
        .claimed([1_099_511_627_776, 64, 16], "tensor `\(stack)gate_proj.weight` has 65536 bytes, its shape and dtype need 4503599627370496"),
    ]

    private static let tensors: [Bad] = [
        .missing("\(mlp)gate.weight"), .missing("\(stack)gate_proj.weight"), .missing("\(stack)up_proj.weight"),
        .missing("\(stack)up_proj.scales"), .missing("\(stack)down_proj.biases"), .missing("\(mlp)experts.0.gate_proj.weight", .numberedBF16),
        .missing("\(mlp)experts.15.down_proj.weight", .numberedBF16), .missing("\(stack)gate_proj.weight", .stackedBF16),
        Bad(
            testDescription: "a type that is no number's", change: { try $0.retype("\(stack)up_proj.scales", "I16") },
            message: "tensor `\(stack)up_proj.scales` is I16"),
        Bad(
            testDescription: "scales and biases of two types", change: { try $0.retype("\(stack)up_proj.biases", "F16") },
            message: "`\(stack)up_proj` has scales of BF16 and biases of F16"),
        Bad(
            testDescription: "floats with scales", change: { try $0.retype("\(stack)up_proj.weight", "F32") },
            message: "tensor `\(stack)up_proj.weight` is F32, quantised weights are U32"),
    ]

    private static let configurations: [Bad] = [
        .member("num_experts", "0", "`num_experts` 0 is outside 1 to 4096"), .member("num_experts", "-1", "`num_experts` -1 is outside 1 to 4096"),
        .member("num_experts", "9223372036854775807", "`num_experts` 9223372036854775807 is outside 1 to 4096"),
        .member("num_experts", "4097", "`num_experts` 4097 is outside 1 to 4096"),
        .member("num_experts", "1e30", "`num_experts` is a number, not an integer"), .member("num_experts", "null", "`num_experts` is missing"),
        .member("num_experts", "8", "tensor `\(mlp)gate.weight` has the shape [16, 32], config.json needs [8, 32]", file: "/model.safetensors"),
        .member(
            "num_experts", "4096", "tensor `\(mlp)gate.weight` has the shape [16, 32], config.json needs [4096, 32]", file: "/model.safetensors"),
        .member("num_experts_per_tok", "0", "`num_experts_per_tok` 0 is outside 1 to 64"),
        .member("num_experts_per_tok", "17", "`num_experts_per_tok` 17 is more than `num_experts` 16"),
        .member("num_experts_per_tok", "65", "`num_experts_per_tok` 65 is outside 1 to 64"),
        .member("moe_intermediate_size", "4611686018427387904", "`moe_intermediate_size` 4611686018427387904 is outside 1 to 1048576"),
        .member(
            "moe_intermediate_size", "1048576",
            "tensor `\(stack)gate_proj.weight` has the shape [16, 64, 16], config.json needs [16, 1048576, 16]", file: "/model.safetensors"),
        .member("norm_topk_prob", "1", "`norm_topk_prob` is an integer, not a boolean"),
        .member("decoder_sparse_step", "0", "`decoder_sparse_step` 0 is outside 1 to 1024"),
        .member("mlp_only_layers", "0", "`mlp_only_layers` is an integer, not a list"),
        .member("mlp_only_layers", "[0.5]", "`mlp_only_layers` holds 0.5, not a layer's number"),
        .member("mlp_only_layers", "[0]", "tensor `\(mlp)gate_proj.weight` is missing", file: ""),
        .member(
            "quantization", "null", "tensor `model.embed_tokens.scales` is there, but config.json does not say how it is quantised",
            file: "/model.safetensors"),
        .member(
            "quantization", #"{"bits": 4, "group_size": 64, "\#(mlp)gate": false}"#,
            "tensor `\(mlp)gate.scales` is there, but config.json does not say how it is quantised", file: "/model.safetensors"),
        .member(
            "quantization", #"{"bits": 4, "group_size": 64}"#, "tensor `\(mlp)gate.weight` has the shape [16, 32], config.json needs [16, 16]",
            file: "/model.safetensors"),
        .member(
            "quantization",
            #"{"bits": 4, "group_size": 64, "\#(mlp)gate": {"bits": 8, "group_size": 64}, "\#(stack)down_proj": {"bits": 4, "group_size": 128}}"#,
            "`\(stack)down_proj` has 64 columns, not a multiple of its group size 128", file: "/model.safetensors"),
    ]

    private static let shards: [Bad] = [
        .index("\(stack)up_proj.scales", "gone.safetensors", "names the shard `gone.safetensors`, which does not exist"),
        .index(
            "\(stack)up_proj.scales", "../model.safetensors",
            "maps tensor `\(stack)up_proj.scales` to \"../model.safetensors\", not to a file beside it"),
        .index(
            "model.embed_tokens.weight", ExpertCheckpoint.shard(1, of: 3),
            "maps tensor `model.embed_tokens.weight` to `model-00002-of-00003.safetensors`, which does not hold it"),
        Bad(
            testDescription: "an index without a map", shards: 3,
            damage: { try TemporaryDirectory.write(Array("{}".utf8), to: $0.directory + "/model.safetensors.index.json") },
            message: "has no `weight_map`", file: "/model.safetensors.index.json"),
        Bad(
            testDescription: "a shard that is cut off", shards: 3,
            damage: { files in
                let path = files.directory + "/" + ExpertCheckpoint.shard(2, of: 3)
                try TemporaryDirectory.write(Array(try TemporaryDirectory.read(path).dropLast()), to: path)
            }, message: "tensor `", file: "/model-00003-of-00003.safetensors"),
    ]

    @Test(arguments: shapes + tensors + configurations + shards)
    func isAnErrorWithPlaceAndRemedy(_ bad: Bad) throws {
        let files = try ExpertCheckpoint(bad.form, layers: 1)
        try bad.change(files)
        try files.write(shards: bad.shards)
        try bad.damage(files)
        let error = #expect(throws: RuntimeError.self) { try LanguageModel(directory: files.directory, threads: 1) }
        #expect(error?.message.hasPrefix(bad.message) == true, "\(error?.message ?? "")")
        #expect(error?.file == files.directory + bad.file)
        #expect(error?.hint?.isEmpty == false, "no remedy")
    }

    /// Without a change all of them are good.
    @Test(arguments: ExpertCheckpoint.Form.allCases, [1, 3])
    func theUnchangedOnesAreRead(_ form: ExpertCheckpoint.Form, _ shards: Int) throws {
        let files = try ExpertCheckpoint(form, layers: 1)
        try files.write(shards: shards)
        _ = try LanguageModel(directory: files.directory, threads: 1)
    }
}

extension ExpertCheckpoint {
    private func index(of name: String) throws -> Int { try #require(tensors.firstIndex { $0.name == name }, "no tensor \(name)") }

    /// Zeros of this shape.
    fileprivate func reshape(_ name: String, _ shape: [Int]) throws {
        let index = try index(of: name)
        tensors[index].shape = shape
        tensors[index].bytes = [UInt8](repeating: 0, count: shape.reduce(tensors[index].type == "U32" ? 4 : 2, *))
    }

    /// This shape, and the bytes of the old one.
    fileprivate func claim(_ name: String, _ shape: [Int]) throws { tensors[try index(of: name)].shape = shape }

    /// Another type of the same size.
    fileprivate func retype(_ name: String, _ type: String) throws { tensors[try index(of: name)].type = type }
}
