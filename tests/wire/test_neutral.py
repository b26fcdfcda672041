from headgate.wire.neutral import Message, Text, ToolResult, normal


def user(*parts) -> Message:
    return Message("user", parts)


def test_neighbours_of_one_role_become_one_message():
    found = normal(
        [
            user(Text("a")),
            user(Text("b")),
            Message("assistant", (Text("c"),)),
            Message("assistant", (Text("d"),)),
            user(Text("e")),
        ]
    )
    assert found == (
        user(Text("a"), Text("b")),
        Message("assistant", (Text("c"), Text("d"))),
        user(Text("e")),
    )


def test_tool_results_stand_first_and_keep_their_order():
    found = normal([user(Text("see"), ToolResult("1")), user(ToolResult("2"), Text("ok"))])
    assert found == (user(ToolResult("1"), ToolResult("2"), Text("see"), Text("ok")),)


def test_what_is_normal_stays_as_it_is():
    messages = (user(ToolResult("1"), Text("a")), Message("assistant", (Text("b"),)))
    assert normal(messages) == messages
    assert normal([]) == ()
