using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using ZeroWorld.ML.Hosting;
using ZeroWorld.ML.Models;
using ZeroWorld.ML.Training;
using ZeroWorld.ML.Training.Moderation;

namespace ZeroWorld.ML.Cli;

/// <summary>Texts of known languages to a tracked run and the file of a model.</summary>
/// <param name="path">Folder of the corpora, full.</param>
/// <param name="output">File of the model, full.</param>
/// <param name="only">Languages to learn; empty: all.</param>
internal sealed class LanguageTrainRun(string path, string output, IReadOnlyList<string> only, TrainingTarget target, StepConsole console)
{
    public const int StepCount = 3;

    private const string Words = "held_out_words";

    /// <returns>Id of the run, number of languages, and what is measured on texts that were held out.</returns>
    /// <exception cref="TrainingException">As <see cref="LanguageTraining"/>.</exception>
    public async Task<(string Run, int Languages, IReadOnlyDictionary<string, double> Metrics)> RunAsync(CancellationToken cancellationToken)
    {
        var (texts, languages) = await console.RunAsync("texts", _ => Task.Run(() =>
        {
            var read = LanguageTraining.Read(path, only);
            return (read, string.Create(CultureInfo.InvariantCulture, $"{read.Texts.Count:N0} texts"));
        }, cancellationToken));
        if (!DataDirectory.Exists(target.Directory))
        {
            DataDirectory.OpenForWriting(target.Directory).Dispose();
        }

        using var registry = LocalServer.OpenRegistry(target.Directory);
        var start = new RunStart
        {
            Project = target.Model.Project,
            Experiment = target.Model.Name,
            Name = Path.GetFileName(output),
            Parameters = new Dictionary<string, string>
            {
                ["path"] = path, ["output"] = output, ["languages"] = only.Count == 0 ? "all" : string.Join(",", only), ["features"] = LanguageTraining.Features.Canonical,
            },
            Tags = new Dictionary<string, string> { ["family"] = "language" },
        };
        await using var run = await RunTracker.OpenAsync(registry.Runs, start, FingerprintOf(texts, languages), Words, null, TimeProvider.System, cancellationToken);
        try
        {
            var metrics = await console.RunAsync("held out", progress => Task.Run(() =>
            {
                var measured = LanguageTraining.Measure(texts, languages, progress, cancellationToken);
                return (measured, string.Join(", ", measured.Select(static pair => string.Create(CultureInfo.InvariantCulture, $"{pair.Key} {pair.Value:F4}"))));
            }, cancellationToken));
            var count = await console.RunAsync("train", progress => Task.Run(() =>
            {
                var model = LanguageTraining.Fit(texts, languages, progress, cancellationToken);
                TextModelFile.Write(output, model, isCompact: true);
                var named = model.Labels.Select(LanguageTraining.LanguageOf).Distinct(StringComparer.Ordinal).Count();
                return (named, string.Create(CultureInfo.InvariantCulture, $"{named} languages"));
            }, cancellationToken));
            await run.FinishAsync(
                [.. metrics.Select(static pair => new RunMetric(pair.Key, 0, pair.Value)), new RunMetric("languages", 0, count), new RunMetric("texts", 0, texts.Count)],
                new Dictionary<string, string> { ["algorithm"] = "character-model" },
                $"The model is the file {output}.",
                cancellationToken);
            return (run.Run.Id, count, metrics);
        }
        catch (Exception exception)
        {
            await run.EndAsync(exception);
            throw;
        }
    }

    private static string FingerprintOf(IReadOnlyList<string> texts, IReadOnlyList<string> languages)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        for (var row = 0; row < texts.Count; row++)
        {
            hash.AppendData(Encoding.UTF8.GetBytes($"{languages[row]}\t{texts[row]}\n"));
        }

        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }
}
