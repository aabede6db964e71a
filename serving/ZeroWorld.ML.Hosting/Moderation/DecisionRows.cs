using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using ZeroWorld.ML.Features;
using ZeroWorld.ML.Models;
using ZeroWorld.ML.Pipelines.Moderation;
using ZeroWorld.ML.Serving;
using ZeroWorld.ML.Training.Moderation;

namespace ZeroWorld.ML.Hosting;

/// <summary>Decisions about content as the prediction log holds them, there and back (docs/formats/prediction-log.md).</summary>
internal static class DecisionRows
{
    /// <summary>Key of a content's id among the entities of a row.</summary>
    private const string Key = "content";

    private static readonly string[] Outputs = ["action", "label", "scores", "reasons"];

    /// <summary>Whether a row of the log is a decision about content.</summary>
    public static bool IsDecision(LoggedPrediction row) => row.OutputNames.SequenceEqual(Outputs);

    public static AnsweredRow Of(ModerationItem item, ModerationDecision decision, ModerationPolicy policy, ScoredText scored, ITextModel model) => new()
    {
        Entities = new JsonObject { [Key] = item.Id }.ToJsonString(),
        Request = JsonSerializer.Serialize(QuestionOf(item, policy, model.Labels), ModerationJson.Options),
        Outputs = OutputsOf(decision, model.Labels),
        Decision = decision.Action,
        Build = model.Build ?? AnsweredRow.ManagedBuild,
        BatchRows = scored.BatchRows,
        BatchRow = scored.BatchRow,
    };

    /// <summary>What was decided, as outputs of one row.</summary>
    public static IReadOnlyList<PredictionOutput> OutputsOf(ModerationDecision decision, IReadOnlyList<string> labels)
    {
        var scores = new float[labels.Count];
        for (var label = 0; label < scores.Length; label++)
        {
            scores[label] = decision.Scores[labels[label]];
        }

        return
        [
            new PredictionOutput(Outputs[0], Text(decision.Action)),
            new PredictionOutput(Outputs[1], Text(decision.Label ?? "")),
            new PredictionOutput(Outputs[2], TensorBuffer.OfFloat32([1, scores.Length], scores)),
            new PredictionOutput(Outputs[3], Text(JsonSerializer.Serialize(decision.Reasons, ModerationJson.Options))),
        ];
    }

    /// <summary>The outputs that were logged.</summary>
    /// <exception cref="ServingException"><see cref="ServingError.ModelRefused"/>: the bytes are none of a decision of this model.</exception>
    public static IReadOnlyList<PredictionOutput> OutputsOf(LoggedPrediction row, int labels)
    {
        ReadOnlyMemory<byte> rest = row.Output ?? [];
        var action = Text(Take(row, ref rest));
        var label = Text(Take(row, ref rest));
        if (rest.Length < labels * sizeof(float))
        {
            throw Misfit(row, $"{row.Output?.Length ?? 0} bytes of output, which are no decision of {labels} labels");
        }

        var scores = TensorBuffer.Of(TensorDtype.Float32, [1, labels], rest[..(labels * sizeof(float))]);
        rest = rest[(labels * sizeof(float))..];
        return [new(Outputs[0], action), new(Outputs[1], label), new(Outputs[2], scores), new(Outputs[3], Text(Take(row, ref rest)))];
    }

    /// <summary>The item that was logged, and the rules that it was decided by.</summary>
    /// <exception cref="ServingException"><see cref="ServingError.ModelRefused"/>: the row holds none.</exception>
    public static (ModerationItem Item, ModerationPolicy Policy) QuestionOf(LoggedPrediction row)
    {
        try
        {
            var question = JsonSerializer.Deserialize<Question>(row.Request ?? "", ModerationJson.Options);
            return question is { Id: not null, Text: not null, Language: not null, Surface: not null, Policy: not null, Rules: not null }
                ? (new ModerationItem(question.Id, question.Text, question.Language, question.Surface),
                    new ModerationPolicy { Name = question.Policy, Version = question.PolicyVersion, Model = row.PackageDigest, Rules = question.Rules })
                : throw Misfit(row, "a request that is no item with its rules");
        }
        catch (JsonException exception)
        {
            throw Misfit(row, $"a request that is no item with its rules: {JsonFault.Of(exception)}");
        }
    }

    /// <summary>What the model gives the text now, in a run of as many as when it was logged, at its place there.</summary>
    /// <exception cref="ServingException"><see cref="ServingError.ModelRefused"/>: the row names a place that no run has.</exception>
    public static ScoredText ScoreAgain(LoggedPrediction row, ITextModel model, string text, TextWorkspace workspace)
    {
        if (row.BatchRows == 0)
        {
            return model.Score(text, workspace);
        }

        return row.BatchRow >= 0 && row.BatchRow < row.BatchRows && row.BatchRows <= TokenModel.BatchRowsMax
            ? model.ScoreMany([.. Enumerable.Repeat(text, row.BatchRows)], workspace)[row.BatchRow]
            : throw Misfit(row, $"the place {row.BatchRow} in a run of {row.BatchRows} texts");
    }

    // Only what decides: what thresholds were chosen for is in the policy.
    private static Question QuestionOf(ModerationItem item, ModerationPolicy policy, IReadOnlyList<string> labels) => new(
        item.Id, item.Text, item.Language, item.Surface, policy.Name, policy.Version,
        [.. policy.RulesFor(labels, item.Language, item.Surface).Select(static rule => rule with { ChosenFor = null })]);

    private static TensorBuffer Text(string text) => Text(Encoding.UTF8.GetBytes(text));

    private static TensorBuffer Text(byte[] text) => TensorBuffer.OfStrings([1, 1], new[] { text });

    private static byte[] Take(LoggedPrediction row, ref ReadOnlyMemory<byte> rest)
    {
        var length = rest.Length >= sizeof(uint) ? BitConverter.ToUInt32(rest.Span) : uint.MaxValue;
        if (length > rest.Length - sizeof(uint))
        {
            throw Misfit(row, $"{row.Output?.Length ?? 0} bytes of output, which are no decision");
        }

        var text = rest.Slice(sizeof(uint), (int)length).ToArray();
        rest = rest[(sizeof(uint) + (int)length)..];
        return text;
    }

    private static ServingException Misfit(LoggedPrediction row, string what) => new(ServingError.ModelRefused, $"The log of prediction '{row.PredictionId}' holds {what}.");

    private sealed record Question(string Id, string Text, string Language, string Surface, string Policy, int PolicyVersion, IReadOnlyList<ModerationRule> Rules);
}
