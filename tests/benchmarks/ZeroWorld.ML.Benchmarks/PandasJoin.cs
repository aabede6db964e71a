using System.Diagnostics;
using System.Globalization;
using DuckDB.NET.Data;

namespace ZeroWorld.ML.Benchmarks;

/// <summary>The training set of <see cref="TrainingSetBenchmark"/> by pandas: <c>merge_asof</c> by key, with ttl as its tolerance, rows in the order of the input.</summary>
/// <remarks>
/// It does less than the training set: no created time, no ties, no fingerprint, no statistics. Its files are one <c>.npy</c> per column, which need no decoding at all:
/// faster than its Parquet would be.
/// </remarks>
internal static class PandasJoin
{
    private const string Script = """
        import os, sys, time, numpy as np, pandas as pd
        folder, ttl = sys.argv[1], int(sys.argv[2])
        floats = {'a', 'b', 'd', 'e'}
        def prepare(name, columns):
            raw = np.fromfile(f'{folder}/{name}.bin', dtype=np.int64).reshape(-1, len(columns))
            for i, c in enumerate(columns):
                column = np.ascontiguousarray(raw[:, i])
                np.save(f'{folder}/{name}-{c}.npy', column.view(np.float64) if c in floats else column)
            os.remove(f'{folder}/{name}.bin')
        F, S = ['k', 'event', 'a', 'b', 'd', 'e', 'c'], ['id', 'k', 'q', 'label']
        prepare('facts', F)
        prepare('reads', S)
        def read(name, columns):
            return pd.DataFrame({c: np.load(f'{folder}/{name}-{c}.npy') for c in columns})
        def join(f, s):
            s, f = s.sort_values('q'), f.sort_values('event')
            joined = pd.merge_asof(s, f, left_on='q', right_on='event', by='k', tolerance=ttl)
            place = np.empty(len(s), dtype=np.int64)
            place[s.index.to_numpy()] = np.arange(len(s))
            return joined[['id', 'label', 'q', 'a', 'b', 'd', 'e', 'c']].take(place)
        best = [float('inf'), float('inf')]
        for _ in range(int(sys.argv[3])):
            started = time.perf_counter()
            f, s = read('facts', F), read('reads', S)
            loaded = time.perf_counter()
            joined = join(f, s)
            done = time.perf_counter()
            for c in joined.columns:
                np.save(f'{folder}/joined-{c}.npy', joined[c].to_numpy())
            best = [min(best[0], done - loaded), min(best[1], time.perf_counter() - started)]
            del f, s
        assert (joined['id'].to_numpy() == np.arange(len(joined))).all()
        print(*best)
        """;

    /// <returns>Seconds in memory, and from files to files, each the least of all rounds; <see langword="null"/>: there is no pandas.</returns>
    public static async Task<(double Memory, double Files)?> RunAsync(DuckDBConnection connection, string folder, TimeSpan timeToLive, int rounds, CancellationToken cancellationToken)
    {
        var tables = Path.Combine(folder, "offline", "default");
        WriteBinary(connection, $"SELECT k, epoch_us(event), a, b, d, coalesce(e, 'NaN'::DOUBLE), c FROM '{tables}/facts/part-0.parquet'", $"{folder}/facts.bin");
        WriteBinary(connection, $"SELECT id, k, epoch_us(q), label FROM '{tables}/reads/part-0.parquet'", $"{folder}/reads.bin");
        var start = new ProcessStartInfo(File.Exists("/usr/bin/python3") ? "/usr/bin/python3" : "python3")
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            ArgumentList = { "-c", Script, folder, timeToLive.TotalMicroseconds.ToString("F0", CultureInfo.InvariantCulture), rounds.ToString(CultureInfo.InvariantCulture) },
        };
        using var process = Process.Start(start)!;
        var (output, error) = (process.StandardOutput.ReadToEndAsync(cancellationToken), process.StandardError.ReadToEndAsync(cancellationToken));
        await process.WaitForExitAsync(cancellationToken);
        if (process.ExitCode != 0)
        {
            Console.WriteLine($"  pandas was not measured: {(await error).TrimEnd().Split('\n')[^1]}");
            return null;
        }

        var seconds = (await output).Split(' ').Select(static text => double.Parse(text, CultureInfo.InvariantCulture)).ToArray();
        return (seconds[0], seconds[1]);
    }

    private static void WriteBinary(DuckDBConnection connection, string query, string path)
    {
        using var command = connection.CreateCommand();
        command.CommandText = query;
        command.UseStreamingMode = true;
        using var rows = command.ExecuteReader();
        using var writer = new BinaryWriter(new BufferedStream(File.Create(path), 1 << 20));
        while (rows.Read())
        {
            for (var column = 0; column < rows.FieldCount; column++)
            {
                writer.Write(rows.GetFieldType(column) == typeof(double) ? BitConverter.DoubleToInt64Bits(rows.GetDouble(column)) : rows.GetInt64(column));
            }
        }
    }
}
