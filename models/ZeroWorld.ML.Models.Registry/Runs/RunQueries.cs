using Microsoft.EntityFrameworkCore;
using ZeroWorld.ML.Models.Registry.Storage;

namespace ZeroWorld.ML.Models.Registry.Runs;

/// <summary>Runs with what belongs to them.</summary>
internal static class RunQueries
{
    /// <summary>Five statements, whatever the number of runs; the order of the runs is kept.</summary>
    internal static async Task<IReadOnlyList<TrainingRun>> ReadAsync(RunDbContext context, IQueryable<RunRow> wanted, CancellationToken cancellationToken)
    {
        var runs = await wanted.AsNoTracking().ToListAsync(cancellationToken).ConfigureAwait(false);
        var ids = runs.ConvertAll(static run => run.Id);
        var texts = (await context.Texts.AsNoTracking().Where(row => ids.Contains(row.Run)).ToListAsync(cancellationToken).ConfigureAwait(false))
            .ToLookup(static row => (row.Run, row.Kind));
        var latest = (await context.Latest.AsNoTracking().Where(row => ids.Contains(row.Run)).ToListAsync(cancellationToken).ConfigureAwait(false))
            .ToLookup(static row => row.Run);
        var artifacts = (await context.Artifacts.AsNoTracking().Where(row => ids.Contains(row.Run)).ToListAsync(cancellationToken).ConfigureAwait(false))
            .ToLookup(static row => row.Run);
        return
        [
            .. runs.Select(run => new TrainingRun
            {
                Id = run.Id,
                Project = run.Project,
                Experiment = run.Experiment,
                Name = run.Name,
                Parent = run.Parent,
                Status = (RunStatus)run.Status,
                Started = RegistryTime.ToDateTimeOffset(run.Started),
                Ended = run.Ended is { } ended ? RegistryTime.ToDateTimeOffset(ended) : null,
                LastSeen = RegistryTime.ToDateTimeOffset(run.LastSeen),
                Note = run.Note,
                Parameters = ToTexts(texts[(run.Id, RunTextRow.Parameter)]),
                Tags = ToTexts(texts[(run.Id, RunTextRow.Tag)]),
                Metrics = new SortedDictionary<string, double>(
                    latest[run.Id].ToDictionary(static row => row.Name, static row => row.Value ?? double.NaN), StringComparer.Ordinal),
                Artifacts = [.. artifacts[run.Id].OrderBy(static row => row.Name, StringComparer.Ordinal).Select(static row => new RunArtifact(row.Name, row.Digest, row.Bytes))],
            }),
        ];
    }

    private static SortedDictionary<string, string> ToTexts(IEnumerable<RunTextRow> rows) =>
        new(rows.ToDictionary(static row => row.Name, static row => row.Value), StringComparer.Ordinal);
}
