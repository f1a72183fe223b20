import JSON
import Testing

@testable import Messages

@Suite struct RenderedPrefixTests {
    @Test(arguments: BackendDialect.all.map(\.name))
    func theTextIsThatOfTheBody(dialect name: String) throws {
        let dialect = try #require(BackendDialect(named: name))
        let bodies: [JSON] = [
            ["model": "m", "max_tokens": 1, "messages": [["role": "user", "content": "hi"]]],
            [
                "model": "m", "max_tokens": 1, "temperature": 0.5,
                "system": [["type": "text", "text": "a \"quoted\" text", "cache_control": ["type": "ephemeral"]]],
                "tools": [["name": "f", "description": "é\n", "input_schema": ["type": "object"]]],
                "messages": [["role": "user", "content": "hi"], ["role": "assistant", "content": "ho"], ["role": "user", "content": "so"]],
            ],
        ]
        for json in bodies {
            let request = try MessagesRequest(json)
            let prefix = RenderedPrefix(try RequestTranslation.prefix(of: request, dialect: dialect), dialect: dialect)
            let options = RequestTranslation.Options(dialect: dialect)
            let turns = try RequestTranslation.turns(of: request, prefix: prefix.prefix, options: options)
            for held in [nil, "digest"] {
                let body = try RequestTranslation.body(of: request, prefix: prefix.prefix, turns: turns, heldPrefix: held, options: options)
                #expect(prefix.text(of: body) == JSON.object(body).bytes)
            }
        }
    }
}
