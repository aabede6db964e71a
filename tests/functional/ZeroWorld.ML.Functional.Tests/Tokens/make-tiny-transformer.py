"""Writes tiny-transformer.onnx and tiny-transformer.json: a transformer of one layer with weights of a fixed seed, and what torch computes with it.
Run with torch 1.13 in this folder; the files are in the repository, so that tests need no torch."""
import json, math, torch
from torch import nn

PIECES, WIDTH, HEADS, LABELS = 19, 16, 2, 2


class Tiny(nn.Module):
    def __init__(self):
        super().__init__()
        self.words, self.places, self.types = nn.Embedding(PIECES, WIDTH), nn.Embedding(64, WIDTH), nn.Embedding(2, WIDTH)
        self.query, self.key, self.value, self.out = (nn.Linear(WIDTH, WIDTH) for _ in range(4))
        self.wide, self.narrow = nn.Linear(WIDTH, 32), nn.Linear(32, WIDTH)
        self.first, self.second = nn.LayerNorm(WIDTH), nn.LayerNorm(WIDTH)
        self.labels = nn.Linear(WIDTH, LABELS)

    def heads(self, x):
        return x.reshape(x.shape[0], x.shape[1], HEADS, WIDTH // HEADS).transpose(1, 2)

    def forward(self, input_ids, attention_mask, token_type_ids):
        places = torch.cumsum(torch.ones_like(input_ids), 1) - 1
        x = self.words(input_ids) + self.places(places) + self.types(token_type_ids)
        scores = self.heads(self.query(x)) @ self.heads(self.key(x)).transpose(2, 3) / math.sqrt(WIDTH // HEADS)
        scores = scores + (1 - attention_mask[:, None, None, :].float()) * -1e9
        mixed = (torch.softmax(scores, -1) @ self.heads(self.value(x))).transpose(1, 2).reshape(x.shape)
        x = self.first(x + self.out(mixed))
        x = self.second(x + self.narrow(torch.relu(self.wide(x))))
        return self.labels(x[:, 0]) * 4


torch.manual_seed(7)
model = Tiny().eval()
ids = torch.tensor([[2, 8, 9, 10, 11, 5, 6, 7, 3], [2, 12, 13, 3, 14, 3, 0, 0, 0]])
mask, types = (ids != 0).long(), torch.tensor([[0] * 9, [0, 0, 0, 0, 1, 1, 0, 0, 0]])
axes = {name: {0: "rows", 1: "tokens"} for name in ("input_ids", "attention_mask", "token_type_ids")}
torch.onnx.export(
    model, (ids, mask, types), "tiny-transformer.onnx", input_names=list(axes), output_names=["logits"], dynamic_axes={**axes, "logits": {0: "rows"}}, opset_version=14)
with torch.no_grad():
    json.dump({"probability": torch.softmax(model(ids, mask, types), -1).tolist()}, open("tiny-transformer.json", "w"))
