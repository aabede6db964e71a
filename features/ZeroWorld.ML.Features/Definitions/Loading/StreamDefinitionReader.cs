namespace ZeroWorld.ML.Features;

/// <summary>Reads one entry of <c>streams</c>.</summary>
internal sealed class StreamDefinitionReader(string project, DefinitionErrors errors)
{
    private const int ColumnsMax = 1000;
    private const int TopicLengthMax = 249;
    private const string ExpectedTopic = "the name of a topic, 1 to 249 characters without control characters and blanks";

    public EventStream? Read(YamlNode node)
    {
        var before = errors.Count;
        if (YamlObject.Of(
            node, "a stream", errors, "name", "kind", "topic", "group", "dead_letters", "format", "archive", "columns", "description", "owner", "tags") is not { } stream)
        {
            return null;
        }

        var name = stream.Name("name");
        var kind = Choice(stream, "kind", isRequired: true, "redis", "kafka");
        _ = Choice(stream, "format", isRequired: false, "json");
        var topic = Topic(stream, "topic", isRequired: true);
        var group = Topic(stream, "group", isRequired: false);
        var dead = Topic(stream, "dead_letters", isRequired: false);
        if (dead is not null && dead == topic)
        {
            stream.Fail("dead_letters", $"'dead_letters' of a stream is its own topic '{dead}'; expected another one");
        }

        var isArchived = stream.Bool("archive", absent: true);
        var columns = ReadColumns(stream);
        var details = stream.Details();
        return errors.Count != before ? null : new EventStream
        {
            Project = project,
            Name = name!,
            Kind = kind == "kafka" ? EventStreamKind.Kafka : EventStreamKind.Redis,
            Topic = topic!,
            Group = group ?? $"zeroworld.{project}.{name}",
            DeadLetterTopic = dead ?? (kind == "kafka" ? $"{topic}.dead" : $"{{{topic}}}.dead"),
            Columns = columns,
            IsArchived = isArchived,
            Details = details,
        };
    }

    private List<StreamColumn> ReadColumns(YamlObject stream)
    {
        var columns = new List<StreamColumn>();
        var items = stream.List("columns", "a list of one or more columns, each with name and type", isRequired: true);
        if (items.Count > ColumnsMax)
        {
            stream.Fail("columns", $"the stream has {items.Count} columns; expected at most {ColumnsMax}");
            return columns;
        }

        foreach (var item in items)
        {
            if (YamlObject.Of(item, "a column of a stream", errors, "name", "type", "field", "unit") is not { } column)
            {
                continue;
            }

            var (name, type, field) = (column.ColumnName("name", isRequired: true), column.Type("type"), column.ColumnName("field", isRequired: false));
            var unit = Choice(column, "unit", isRequired: false, "s", "ms", "us", "ns");
            if (unit is not null && type is not FeatureType.Timestamp)
            {
                column.Fail("unit", "'unit' of a column of a stream is given for a column that holds no times; expected it only with type timestamp");
            }

            if (name is EventStream.ArrivalColumn or EventStream.PositionColumn)
            {
                column.Fail("name", $"'name' of a column of a stream is '{name}', which every stream has; expected another name");
            }
            else if (name is not null && columns.Exists(other => other.Name.Equals(name, StringComparison.OrdinalIgnoreCase)))
            {
                column.Fail("name", $"column '{name}' is defined twice (case does not count); expected each name once");
            }
            else if (name is not null && type is { } known)
            {
                columns.Add(new StreamColumn(name, known, field ?? name, unit switch { "s" => 1_000_000, "ms" => 1000, "ns" => 0, _ => 1 }));
            }
        }

        return columns;
    }

    private static string? Topic(YamlObject stream, string property, bool isRequired)
    {
        var text = stream.Text(property, ExpectedTopic, isRequired);
        if (text is null || (text.Length <= TopicLengthMax && !text.Any(static letter => char.IsControl(letter) || char.IsWhiteSpace(letter))))
        {
            return text;
        }

        stream.Fail(property, $"'{property}' of a stream is '{YamlScalar.Shorten(text)}'; expected {ExpectedTopic}");
        return null;
    }

    private static string? Choice(YamlObject item, string property, bool isRequired, params string[] choices)
    {
        var expected = choices.Length == 1 ? choices[0] : $"one of: {string.Join(", ", choices)}";
        var text = item.Text(property, expected, isRequired);
        if (text is null || choices.Contains(text))
        {
            return text;
        }

        item.Fail(property, $"'{property}' of a stream is '{YamlScalar.Shorten(text)}'; expected {expected}");
        return null;
    }
}
