using System.CommandLine;
using ZeroWorld.ML.Features;
using ZeroWorld.ML.V1;

namespace ZeroWorld.ML.Cli;

/// <summary><c>zwml features delete-entity</c>: one entity, from the online store, from what is made of the tables, and from the prediction log.</summary>
internal static class DeleteEntityCommand
{
    public static Command Create()
    {
        var entity = new Argument<string>("entity") { Description = "Name of the entity." };
        var keys = new Option<string[]>("--key") { Description = "A key as KEY=VALUE or KEY:TYPE=VALUE; all keys of the entity.", Required = true, AllowMultipleArgumentsPerToken = true };
        var until = new Option<string?>("--until") { Description = "Delete what happened until then, RFC 3339 with a zone. Default: now." };
        var redis = CommonOptions.Redis();
        var json = CommonOptions.Json();
        var command = new Command("delete-entity", "Deletes an entity for good: what happened until then never comes back. Repeating it is safe.") { entity, keys, until, redis, json };
        var common = CommonOptions.AddTo(command);
        command.SetAction(async (parse, cancellationToken) =>
        {
            var request = new DeleteEntityRequest { Project = common.Project(parse), Entity = parse.GetRequiredValue(entity) };
            request.Keys.AddRange(parse.GetRequiredValue(keys).Select(static text => ColumnText.Parse("--key", text)));
            if (parse.GetValue(until) is { } moment)
            {
                request.Until = UnixMicroseconds.TryParse(moment, out var parsed)
                    ? parsed
                    : throw new UsageException($"--until '{moment}' is not a time with a zone; expected RFC 3339 such as 2018-08-15T00:00:00Z.");
            }

            await using var connection = await ServerConnection.OpenAsync(
                common.DataDirectory(parse), mayCreate: false, cancellationToken, CommonOptions.RedisFlags(parse.GetValue(redis)));
            var receipt = await connection.Client.Features.DeleteEntityAsync(request, cancellationToken: cancellationToken);
            if (parse.GetValue(json))
            {
                ProtoJson.Write(receipt);
            }
            else
            {
                Console.Out.WriteLine($"deleted until {UnixMicroseconds.ToText(receipt.Until)}: {receipt.Views} views online, {receipt.PredictionRows} predictions redacted in {receipt.PredictionFiles} files, {receipt.TableRows} rows of tables in {receipt.TableFiles} files");
                Console.Out.WriteLine($"receipt {receipt.Token}");
            }

            return ExitCode.Success;
        });
        return command;
    }
}
