using System.CommandLine;
using System.Globalization;
using Microsoft.Extensions.DependencyInjection;
using Spectre.Console;
using ZeroWorld.ML.Features;
using ZeroWorld.ML.Hosting;
using ZeroWorld.ML.Models;
using ZeroWorld.ML.Serving;
using ZeroWorld.ML.Training.Moderation;

namespace ZeroWorld.ML.Cli;

/// <summary><c>zwml models package-text</c>: a user's own transformer and its tokenizer to a package, and with labelled texts to a policy.</summary>
internal static class ModelsPackageTextCommand
{
    private static readonly string[] Samples =
        ["a text", "Another one, which is somewhat longer than the first; and it has signs!", "", "1234 äöü ß 你好 привет", "WORDS IN CAPITALS @name https://example.org/x?y=1"];

    public static Command Create()
    {
        var model = new Argument<string>("model") { Description = "An ONNX file with inputs of token ids (input_ids, attention_mask, token_type_ids: as they are called) and an output [rows, labels]." };
        var output = new Option<string>("--output", "-o") { Description = "A new folder for the package.", Required = true };
        var kind = new Option<TextTokenizerKind>("--tokenizer") { Description = "WordPiece (vocab.txt), Bpe (vocab.json and merges.txt) or SentencePiece (a .model file).", Required = true };
        var vocabulary = new Option<string>("--vocabulary") { Description = "File of the vocabulary.", Required = true };
        var merges = new Option<string?>("--merges") { Description = "merges.txt of Bpe." };
        var labels = new Option<string[]>("--labels") { Description = "Labels in the order of the output.", Required = true, AllowMultipleArgumentsPerToken = true };
        var activation = new Option<string>("--activation") { Description = "What makes probabilities of the output: softmax, sigmoid or none.", DefaultValueFactory = static _ => "softmax" };
        activation.AcceptOnlyFromAmong("softmax", "sigmoid", "none");
        var source = new Option<string?>("--model-output") { Description = "The output, where there are several. Default: the first of FP32 [rows, labels]." };
        var name = new Option<string>("--model", "--name") { Description = "Name of the model.", DefaultValueFactory = static _ => "moderation" };
        var length = new Option<int>("--length-max") { Description = "Tokens at most, special ones included.", DefaultValueFactory = static _ => 128 };
        var cased = new Option<bool>("--cased") { Description = "Keep capitals and accents (WordPiece)." };
        var prefix = new Option<bool>("--prefix-space") { Description = "Texts begin as if with a space (Bpe)." };
        var special = new Option<string[]>("--special") { Description = "Ids: begin=101 separator=102 padding=0 unknown=100 offset=1. Default: BERT's where the vocabulary has [CLS] and [SEP], else none.", AllowMultipleArgumentsPerToken = true };
        var doubled = new Option<bool>("--double-separator") { Description = "Two separators between the texts of a pair (RoBERTa)." };
        var texts = new Option<string?>("--texts") { Description = "Texts for the golden samples, one a line." };
        var table = LabelledTable.Create();
        var command = new Command("package-text", "Makes a package of a transformer and its tokenizer, for zwml moderate, Score and Predict.")
        {
            model, output, kind, vocabulary, merges, labels, activation, source, name, length, cased, prefix, special, doubled, texts,
        };
        table.AddTo(command);
        command.SetAction(async (parse, cancellationToken) =>
        {
            if ((parse.GetValue(kind) == TextTokenizerKind.Bpe) != (parse.GetValue(merges) is not null))
            {
                throw new UsageException($"--merges is {(parse.GetValue(merges) is { } other ? $"'{other}'" : "absent")}; expected merges.txt of --tokenizer Bpe, and none of the others.");
            }

            var names = parse.GetValue(labels) ?? [];
            if (names.Where((name, place) => names.Take(place).Contains(name, StringComparer.Ordinal)).FirstOrDefault() is { } twice)
            {
                throw new UsageException($"--labels names '{twice}' twice; expected each label once, in the order of the output.");
            }

            var data = table.Read(parse, names);
            var samples = parse.GetValue(texts) is { } file ? File.ReadLines(file).Take(16).ToArray() : data is not null ? [.. data.Texts.Take(16)] : Samples;
            var settings = Tokenizer(parse.GetRequiredValue(kind), parse.GetRequiredValue(vocabulary), parse.GetValue(special) ?? []) with
            {
                Merges = parse.GetValue(merges), LengthMax = parse.GetValue(length), LowerCase = !parse.GetValue(cased), PrefixSpace = parse.GetValue(prefix), PairSeparators = parse.GetValue(doubled) ? 2 : 1,
            };
            var transformer = new TransformerSource
            {
                Model = new ModelName(ModelName.DefaultProject, parse.GetRequiredValue(name)),
                ModelPath = parse.GetRequiredValue(model),
                Tokenizer = settings,
                Labels = names,
                Output = parse.GetValue(source),
                IsExclusive = parse.GetValue(activation) switch { "softmax" => true, "sigmoid" => false, _ => null },
                Texts = samples,
            };
            var scratch = Directory.CreateTempSubdirectory("zwml-").FullName;
            try
            {
                await using var server = await LocalServer.StartScratchAsync(Path.Combine(scratch, "server"), cancellationToken);
                var package = await TransformerPackaging.WriteAsync(
                    transformer, Path.GetFullPath(parse.GetRequiredValue(output)), server.Services.GetRequiredService<TokenModels>(), TimeProvider.System.GetUtcNow(), cancellationToken);
                Terminals.Output.MarkupLineInterpolated($"[green]packaged[/] {package.Manifest.Name}  {package.Directory}  {package.Digest}");
                var parameters = package.Manifest.Lineage.Parameters;
                if (parameters[TransformerPackaging.EmbeddingRows] is var rows && rows != "unknown" && rows != parameters[TransformerPackaging.TokenizerIds])
                {
                    Terminals.Output.MarkupLineInterpolated(
                        $"[yellow]note[/] the model has rows for {rows} ids, the vocabulary has {parameters[TransformerPackaging.TokenizerIds]}: the others are never used. That is right of a table that was filled up; else the vocabulary is of another model.");
                }

                if (data is not null)
                {
                    var text = server.Services.GetRequiredService<TextModels>().Open(package);
                    using var owned = text as IDisposable;
                    table.WritePolicy(parse, package, text, data);
                }

                await server.StopAsync();
            }
            finally
            {
                Directory.Delete(scratch, recursive: true);
            }

            return ExitCode.Success;
        });
        return command;
    }

    private static TextTokenizerSettings Tokenizer(TextTokenizerKind kind, string vocabulary, string[] special)
    {
        var settings = new TextTokenizerSettings { Kind = kind, Vocabulary = vocabulary };
        if (kind == TextTokenizerKind.WordPiece && File.Exists(vocabulary))
        {
            var pieces = File.ReadAllLines(vocabulary);
            int? Find(string piece) => Array.IndexOf(pieces, piece) is >= 0 and var place ? place : null;
            settings = settings with { Begin = Find("[CLS]"), Separator = Find("[SEP]"), Padding = Find("[PAD]") ?? 0, Unknown = Find("[UNK]") ?? 0 };
        }

        foreach (var text in special)
        {
            var id = text.Split('=', 2) is [_, var number] && int.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out var parsed) ? parsed : -1;
            settings = (text.Split('=')[0], id) switch
            {
                ("begin", >= 0) => settings with { Begin = id },
                ("separator", >= 0) => settings with { Separator = id },
                ("padding", >= 0) => settings with { Padding = id },
                ("unknown", >= 0) => settings with { Unknown = id },
                ("offset", >= 0) => settings with { IdOffset = id },
                _ => throw new UsageException($"--special '{text}' is of another form; expected begin, separator, padding, unknown or offset, '=' and a number."),
            };
        }

        return settings;
    }
}
